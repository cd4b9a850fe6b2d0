"""The command line as a shell sees it: real processes."""

import os
import resource
import subprocess
import sys
from collections.abc import Mapping

import pytest

HEAVY = {"aiohttp", "highspy", "httpx", "msgspec", "numpy", "rich", "textual", "uvloop"}


def infertop(
    *words: str, env: Mapping[str, str] | None = None, **options: object
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "infertop", *words],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
        check=False,
        **options,  # type: ignore[call-overload]
    )


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["run"],
        ["demo"],
        ["web"],
        ["fleet"],
        ["decide"],
        ["export"],
        ["profiles"],
        ["prices"],
        ["replay"],
        ["attach"],
        ["sessions"],
    ],
)
def test_help_has_examples_and_loads_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys; from infertop.tui.cli import main\n"
        f"code = main({[*words, '--help']!r})\n"
        f"heavy = {HEAVY!r} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "examples:" in done.stdout
    assert "infertop" in done.stdout


def test_help_lists_the_commands_and_exit_codes() -> None:
    text = infertop("--help").stdout
    for said in ("run ", "fleet ", "profiles ", "3 SLO or diff gate failed", "130 interrupted"):
        assert said in text


def test_help_is_there_at_once() -> None:
    """By processor time, the best of several tries, for the machine may be busy."""
    spent_s = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        infertop("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent_s.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent_s) < 0.15


def test_version() -> None:
    done = infertop("--version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "infertop")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_knows_commands_and_flags(shell: str) -> None:
    done = infertop("--print-completion", shell)
    assert done.returncode == 0, done.stderr
    assert "profiles" in done.stdout
    assert "--concurrency" in done.stdout


def test_bash_accepts_its_completion() -> None:
    script = infertop("--print-completion", "bash").stdout
    subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=10)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("runn", 'did you mean "run"'),
        ("--heedless", 'did you mean "--headless"'),
        ("run fleet --durration 5s", 'did you mean "--duration"'),
        ("run fleett", 'did you mean "fleet"'),
        ("run", "PROFILE"),
        ("run fleet --rate fast", "--rate"),
        ("run fleet --workload chatt", 'did you mean "chat"'),
        ("profiles show fleett", 'did you mean "fleet"'),
        ("profiles lst", "lst"),
        ("fleet h20", 'did you mean "h200"'),
        ("fleet --port 70000", "--port"),
        ("gork:m", "groq"),
        ("groq:", "which model"),
        ("groq:openai/gpt-oss-120b", "env:GROQ_API_KEY"),
        ("--key sk-live-123 http://127.0.0.1:1", "env:NAME"),
        ("http://me:pw@127.0.0.1:1", "env:NAME"),
        ("--print-completion tcsh", "bash"),
        ("--json --once", "not allowed"),
    ],
)
def test_a_mistake_is_told_in_words_with_exit_code_2(words: str, told: str) -> None:
    done = infertop(*words.split(), env={"GROQ_API_KEY": ""})
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert "sk-live-123" not in done.stderr
    assert "pw@" not in done.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m infertop --help | head -1; echo ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] in {"0", "141"}


@pytest.mark.parametrize(("debug", "shown"), [("", False), ("1", True)])
def test_a_defect_of_ours_is_one_line_unless_asked_for(debug: str, shown: bool) -> None:
    code = (
        "import sys; from infertop.tui import cli\n"
        "def broken(*_): raise RuntimeError('boom \\x1b[2J')\n"
        "cli._run = broken\n"
        "sys.exit(cli.main([]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "INFERTOP_DEBUG": debug},
        check=False,
    )
    assert done.returncode == 1
    assert ("Traceback" in done.stderr) is shown
    assert "boom" in done.stderr
    if not shown:
        assert "INFERTOP_DEBUG=1" in done.stderr
        assert "\x1b" not in done.stderr
