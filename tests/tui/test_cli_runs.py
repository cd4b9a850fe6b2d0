"""Whole runs from the command line: real engine, real sockets, the simulated fleet."""

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

INFERTOP = [sys.executable, "-m", "infertop"]
QUICK = ["--workload", "classification", "--max-tokens", "8"]


def infertop(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*INFERTOP, *words],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "COLUMNS": "120"},
        check=False,
    )


def refusing_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def one_backend(document: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [backend for backend in document["backends"] if backend["name"] == name]
    assert isinstance(found, dict)
    return found


def test_json_accounts_for_every_request_and_the_exit_code_tells_of_the_dead_one() -> None:
    dead = f"127.0.0.1:{refusing_port()}"
    done = infertop("sim:groq", "sim:cerebras", f"http://{dead}", *QUICK, "--requests", "20", "--json")
    assert done.returncode == 1
    assert "\x1b" not in done.stderr
    document = json.loads(done.stdout)
    for name in ("Groq LPU", "Cerebras"):
        backend = one_backend(document, name)
        assert backend["label"] == "SIM"
        assert backend["requests"]["finished"] == backend["requests"]["scheduled"] == 20
        assert backend["tokens"]["source"] == "usage"
        assert backend["tok_s"] > 0
        assert backend["ttft_ms"]["p50"] > 0
        assert backend["cost"]["basis"] == "api"
    refused = one_backend(document, dead)["requests"]
    assert refused["finished"] == 0
    assert refused["failed"] + refused["not_sent"] + refused["in_flight"] == refused["scheduled"] == 20
    assert refused["errors"] == {"connect": refused["failed"]}


def test_a_pipe_gets_a_plain_table() -> None:
    done = infertop("sim:cerebras", *QUICK, "--requests", "12")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^Cerebras +SIM +12 +0 ", done.stdout, re.MULTILINE)
    assert "every prompt was sent" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


def test_once_prints_one_picture() -> None:
    done = infertop("sim:cerebras", *QUICK, "--requests", "12", "--once")
    assert done.returncode == 0, done.stderr
    assert "Cerebras" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (["--slo", "ttft=0.01,attainment=0.5"], 3),
        (["--slo", "ttft=60000,attainment=0.5"], 0),
        (["--budget", "0.0001"], 4),
    ],
)
def test_the_exit_code_is_the_gate(flags: list[str], code: int) -> None:
    done = infertop("sim:cerebras", *QUICK, "--requests", "12", "--headless", *flags)
    assert done.returncode == code, done.stderr + done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_still_prints_its_summary(number: signal.Signals) -> None:
    words = ["sim:cerebras", *QUICK, "--duration", "60s", "--json"]
    with subprocess.Popen([*INFERTOP, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        time.sleep(4)
        running.send_signal(number)
        text, errors = running.communicate(timeout=30)
    assert running.returncode == 130, errors
    document = json.loads(text)
    assert document["run"]["stop_reason"] == "interrupted"
    assert document["backends"][0]["requests"]["finished"] > 0


def test_the_fleet_serves_any_client_until_told_to_end() -> None:
    words = ["fleet", "--port", "0", "groq"]
    with subprocess.Popen([*INFERTOP, *words], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        line = running.stdout.readline()
        assert line.startswith("SIM  Groq")
        with urllib.request.urlopen(f"{line.split()[-1]}/models", timeout=10) as response:
            assert json.load(response)["data"][0]["id"] == "llama-3.3-70b"
        running.send_signal(signal.SIGINT)
        assert running.wait(10) == 0


def test_a_fleet_port_in_use_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = infertop("fleet", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "Address already in use" in done.stderr


class Terminal:
    """A process on a terminal of its own, 120 × 40."""

    def __init__(self, process: "subprocess.Popen[bytes]", fd: int) -> None:
        self.process = process
        self._fd = fd
        self.shown = ""

    def read_until(self, text: str, timeout_s: float = 20.0) -> None:
        """Read what appears until `text` does."""
        end_s = time.monotonic() + timeout_s
        while text not in self.shown:
            assert time.monotonic() < end_s, f"{text!r} did not appear in {self.shown[-2000:]!r}"
            if not self._read():
                raise AssertionError(f"ended without {text!r}: {self.shown[-2000:]!r}")

    def read_rest(self) -> int:
        """Read to the end; the exit code."""
        while self._read():
            pass
        return self.process.wait(20)

    def type(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def _read(self) -> bool:
        if not select.select([self._fd], [], [], 20)[0]:
            return False
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # the other end is closed
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)


@contextmanager
def terminal(*words: str) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [*INFERTOP, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(20)
        os.close(ours)


@pytest.mark.slow
def test_progress_is_one_line_rewritten_on_a_terminal() -> None:
    with terminal("sim:cerebras", *QUICK, "--duration", "1s", "--headless") as screen:
        assert screen.read_rest() == 0
    progress, _, table = screen.shown.rpartition("\r\x1b[K")
    assert "\n" not in progress
    assert progress.count("\r") >= 2
    assert "of 1.0 s" in progress
    assert "\x1b[1mCerebras\x1b[0m" in table, "bold on a terminal"


@pytest.mark.slow
def test_the_console_opens_on_a_terminal_and_leaves_a_summary() -> None:
    with terminal("sim:cerebras", *QUICK) as screen:
        screen.read_until("tok/s")
        time.sleep(2)
        screen.type("q")
        code = screen.read_rest()
    summary = screen.shown.rpartition("\x1b[?1049l")[2]
    assert "stopped from the console" in summary
    assert code == 0
