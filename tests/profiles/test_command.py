"""`infertop profiles` as a person types it, in a process of its own."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from infertop.tui.commands.profiles import EPILOG


def infertop(config: Path, *words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `infertop profiles …`."""
    environment = {**os.environ, "XDG_CONFIG_HOME": str(config.parent.parent)}
    done = subprocess.run(
        [sys.executable, "-m", "infertop", "profiles", *words],
        env=environment,
        cwd=config.parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_listing_is_the_default_and_aligned(config: Path) -> None:
    code, out, err = infertop(config)
    assert (code, err) == (0, "")
    assert out == infertop(config, "list")[1]
    lines = out.splitlines()
    assert lines[0] == "NAME                   FROM      WHAT IT DOES"
    assert lines[3] == "fleet                  built-in  six simulated hardware families serving Llama 3.3 70B, chat"
    assert "\x1b" not in out


def test_new_copies_with_its_comments_and_check_passes(config: Path) -> None:
    assert infertop(config, "new", "mine", "--from", "rag") == (0, f"{config}/mine.toml\n", "")
    shown = infertop(config, "show", "mine")[1]
    assert shown == infertop(config, "show", "rag")[1]
    assert shown.startswith("# Retrieval-augmented")
    code, out, err = infertop(config, "check", "mine", "fleet")
    assert (code, err) == (0, "")
    assert out == (
        "mine: ok (6 backends; rag, input tokens p50 2,400 · p90 4,555 · p99 7,680; closed loop of 8)\n"
        "fleet: ok (6 backends; chat, input tokens p50 1,020 · p90 2,734 · p99 4,142; closed loop of 8)\n"
    )
    code, _, err = infertop(config, "new", "mine")
    assert code == 2
    assert err == f"mine: {config}/mine.toml exists already; choose another name\n"


def test_check_names_every_mistake_and_fails(config: Path) -> None:
    config.mkdir(parents=True)
    (config / "bad.toml").write_text('[[backends]]\nname = "a"\nurl = "http://a"\nprise = 1\n[run]\nseeed = 1')
    code, out, err = infertop(config, "check", "bad", "fleet")
    assert code == 2
    assert out.startswith("fleet: ok")
    assert err == (
        f"{config}/bad.toml: 2 problems\n"
        '  backends[0].prise: unknown key; did you mean "price"?\n'
        '  run.seeed: unknown key; did you mean "seed"?\n'
    )


def test_check_reads_the_prompts_too(config: Path) -> None:
    config.mkdir(parents=True)
    (config / "mine.toml").write_text('[[backends]]\nname = "a"\nurl = "http://a"\n[workload]\nsource = "p.jsonl"')
    (config / "p.jsonl").write_text('{"prompt": "Hello"}\n{"promt": "Hello"}')
    code, out, err = infertop(config, "check", "mine")
    assert (code, out) == (2, "")
    assert err == (
        f"mine: workload.source: {config}/p.jsonl, line 2: "
        "needs prompt, text, question, messages or conversations; found promt\n"
    )
    (config / "p.jsonl").write_text('{"prompt": "Hello"}')
    assert infertop(config, "check", "mine") == (0, "mine: ok (1 backend; p.jsonl; closed loop of 8)\n", "")


def test_path_is_where_new_ones_go(config: Path) -> None:
    assert infertop(config, "path") == (0, f"{config}\n", "")


@pytest.mark.parametrize("words", [("show", "fleeet"), ("new", "../x"), ("check", "nope.toml")])
def test_mistakes_end_with_2_and_no_traceback(config: Path, words: tuple[str, ...]) -> None:
    code, out, err = infertop(config, *words)
    assert (code, out) == (2, "")
    assert err
    assert "Traceback" not in err


def test_showing_a_hostile_file_shows_no_escapes(config: Path) -> None:
    config.mkdir(parents=True)
    (config / "evil.toml").write_text("title = 'a'\x1b[31m\n\t# indented\n")
    assert infertop(config, "show", "evil")[1] == "title = 'a'\N{REPLACEMENT CHARACTER}[31m\n    # indented\n"


def test_the_examples_in_the_help_work(config: Path) -> None:
    config.mkdir(parents=True)
    (config.parent.parent / "other.toml").write_text('[[backends]]\nname = "a"\nurl = "http://a"')
    for line in EPILOG.splitlines()[1:]:
        command = shlex.split(re.split(r"\s{2,}", line.strip())[0])
        assert command[:2] == ["infertop", "profiles"]
        code, out, err = infertop(config, *command[2:])
        if command[2:3] == ["edit"]:  # a form needs a terminal; tests/tui fills it in
            assert (code, out) == (2, "")
            assert "terminal" in err
            continue
        assert (code, err) == (0, "")
        assert out
