"""`infertop doctor` as a shell sees it."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from msgspec.structs import replace

from infertop.tui.cli import main
from infertop.tui.doctor import examine
from infertop.tui.doctor.report import SCHEMA

from .test_table import REPORT

CANARY = "sk-canary-8c1f2a77"
HEAVY = {"aiohttp", "httpx", "msgspec", "numpy", "rich", "textual", "uvloop"}


def doctor(*words):
    environment = os.environ | {"GROQ_API_KEY": CANARY, "OPENAI_API_KEY": CANARY}
    command = [sys.executable, "-m", "infertop", "doctor", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=110, env=environment, check=False)


@pytest.mark.slow
def test_the_document():
    done = doctor("--quick", "--json")
    found = json.loads(done.stdout)
    assert found["schema"] == SCHEMA
    assert found["quick"] is True
    assert done.returncode == (1 if found["grade"] == "cannot" else 0), done.stderr
    assert {load["load"]["streams"] for load in found["loads"]} <= {8, 64, 128}
    for load in found["loads"]:
        assert load["accuracy"]["tokens"] > 0
        assert (load["accuracy"]["lost"], load["accuracy"]["doubled"], load["failed"]) == (0, 0, 0)
    assert found["screen"]["drawn_bytes"] > 10_000, found["screen_trouble"]
    assert found["screen"]["on_ms"]["n"] > 50
    assert [key["variable"] for key in found["keys"]] == ["GROQ_API_KEY", "OPENAI_API_KEY"]
    assert CANARY not in done.stdout + done.stderr
    assert done.stderr == ""


@pytest.mark.slow
def test_the_table():
    done = doctor("--quick")
    assert done.returncode in {0, 1}, done.stderr
    assert "this machine can" in done.stdout.lower()
    assert "GROQ_API_KEY" in done.stdout
    assert CANARY not in done.stdout + done.stderr
    assert "\x1b" not in done.stdout


def test_help_has_examples_and_loads_nothing_heavy():
    code = (
        "import sys; from infertop.tui.cli import main\n"
        "code = main(['doctor', '--help'])\n"
        f"assert not {HEAVY!r} & set(sys.modules)\n"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "infertop doctor --quick" in done.stdout


def descendants(pid):
    """Process ids of the children of `pid`, of theirs, and so on."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def alive(pids):
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_ctrl_c_ends_it_and_every_process_of_its_own():
    command = [sys.executable, "-m", "infertop", "doctor", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 20
        while len(family := descendants(process.pid)) < 2:  # the self-test and its server
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, b"", b"")
    while alive(family):
        assert time.monotonic() < deadline + 20
        time.sleep(0.05)


def examined(monkeypatch, report):
    """Let the examination find `report`."""

    async def found(say, *, quick):
        say("looking around")
        if isinstance(report, Exception):
            raise report
        return replace(report, quick=quick)

    monkeypatch.setattr(examine, "examine", found)


@pytest.mark.parametrize(("grade", "code"), [("ok", 0), ("careful", 0), ("cannot", 1)])
def test_exit_code(grade, code, monkeypatch, capsysbinary):
    examined(monkeypatch, replace(REPORT, grade=grade))
    assert main(["doctor", "--json"]) == code
    out, err = capsysbinary.readouterr()
    assert json.loads(out)["grade"] == grade
    assert err == b""


def test_what_goes_wrong_is_one_line(monkeypatch, capsys):
    examined(monkeypatch, OSError(24, "Too many open files"))
    assert main(["doctor"]) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("", "infertop: [Errno 24] Too many open files\n")
