"""`infertop sessions`, `attach`, `run --again`, `--detach`: as a person types them."""

import json
import os
import subprocess
import sys
import time

import pytest

from infertop.sessions.folder import sessions_folder
from infertop.sessions.journal.reader import RecordingError, open_recording
from infertop.sessions.library import find, listings
from infertop.tui.cli import main

from .frames import STACKS, Fleet
from .recordings import recorded


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Three sessions of the past, one a file that is none."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    made = sessions_folder()
    made.mkdir(parents=True)
    for session, title, more in (
        ("aa11aa", "chat on groq", {}),
        ("ab22bb", "fleet \x1b[31mred", {"name": "before fp8", "note": "odd\x1b]0;x\x07"}),
    ):
        path = made / f"2026-11-2{session[2]}T10-00-00_x_{session}.itop"
        fleet = Fleet(STACKS[:3])
        frames = [fleet.advance(1).frame() for _ in range(11)]
        recorded(path, frames, requests=5, id=session, title=title, **more)
    (made / "2026-11-25T10-00-00_x_ffffff.itop").write_bytes(b"\x00" * 100)
    return made


def said(capsys, *words, code=0):
    assert main(["sessions", *words]) == code
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    return out + err


def test_the_list_is_newest_first_and_says_what_is_broken(folder, capsys):
    lines = said(capsys).splitlines()
    assert lines[0].split() == ["ID", "STARTED", "LASTED", "SIZE", "WHAT", "TITLE", "ENDED"]
    assert [line.split()[0] for line in lines[1:]] == ["ffffff", "ab22bb", "aa11aa"]
    assert "not a recording" in lines[1]
    assert "before fp8" in lines[2]
    assert "chat on groq" in lines[3]
    assert "SIM+LIVE ×1" in lines[3]
    assert "11.0 s" in lines[3]
    assert "time was up" in lines[3]


def test_without_any_session_it_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "none"))
    assert "no session yet" in said(capsys)


def test_search_looks_at_everything_that_names_it(folder, capsys):
    for text, found in (("GROQ", "aa11aa"), ("fp8", "ab22bb"), ("odd", "ab22bb"), ("H200", "ab22bb")):
        assert found in said(capsys, "search", text)
    assert "aa11aa" not in said(capsys, "search", "fp8")
    assert "no session" in said(capsys, "search", "nothing of that kind")


def test_show_tells_what_was_run_and_what_came_out(folder, capsys):
    text = said(capsys, "show", "aa11")
    for word in ("chat on groq", "cores 2", "5 recorded", "running", "H200 ×1", "tok/s"):
        assert word in text


def test_names_and_notes_can_be_changed(folder, capsys):
    said(capsys, "rename", "aa11", "Monday \x1b[1m")
    said(capsys, "note", "Monday \x1b[1m", "first try")
    with open_recording(find(folder, "aa11")) as recording:
        assert (recording.facts.name, recording.facts.note) == ("Monday \x1b[1m", "first try")
    assert "Monday" in said(capsys)


def test_deleting_asks_unless_told_not_to(folder, capsys):
    assert "--yes" in said(capsys, "delete", "aa11", code=1)  # nobody is there to be asked
    assert len(list(folder.glob("*.itop"))) == 3
    assert "deleted" in said(capsys, "delete", "aa11", "ab22", "--yes")
    assert [path.name[-11:-5] for path in folder.glob("*.itop")] == ["ffffff"]


def test_pruning_keeps_the_newest_and_the_named(folder, capsys):
    said(capsys, "prune", "--keep", "1", "--yes")
    assert len(list(folder.glob("*.itop"))) == 3
    said(capsys, "prune", "--yes")
    assert sorted(path.name[-11:-5] for path in folder.glob("*.itop")) == ["ab22bb", "ffffff"]


def test_a_session_is_found_by_whatever_names_it(folder):
    path = find(folder, "aa11aa")
    for typed in ("aa", "aa11aa", "2026-11-21", str(path)):
        assert find(folder, typed) == path
    assert find(folder, "Before FP8") == find(folder, "ab22bb")
    assert find(folder, "last").name.startswith("2026-11-25")
    for typed, why in (
        ("a", "may be any of 2 sessions: ab22bb, aa11aa"),
        ("zz", "no session is called 'zz'"),
        ("", "no session"),
        ("/nowhere.itop", "no such file"),
        ("../\x1b[1m/x", "no such file"),
    ):
        with pytest.raises(RecordingError, match=why) as caught:
            find(folder, typed)
        assert "\x1b" not in str(caught.value)


def test_a_mistake_is_told_in_words(folder, capsys):
    assert "infertop sessions lists them" in said(capsys, "show", "zz", code=2)
    assert "not a recording" in said(capsys, "show", "last", code=2)
    assert "invalid choice" in said(capsys, "shwo", code=2)


def test_the_path_of_one_and_of_all(folder, capsys):
    assert said(capsys, "path").strip() == str(folder)
    assert said(capsys, "path", "aa11").strip() == str(find(folder, "aa11"))


QUICK = ("sim:cerebras", "--workload", "classification", "--max-tokens", "8")


def infertop(*words, **more):
    return subprocess.run(
        [sys.executable, "-m", "infertop", *words], capture_output=True, text=True, timeout=60, check=False,
        stdin=subprocess.DEVNULL, **more,
    )  # fmt: skip


@pytest.mark.slow
def test_a_run_is_recorded_and_can_be_run_again(tmp_path):
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path)}
    first = infertop(*QUICK, "--requests", "12", "--seed", "5", "--json", env=environment)
    assert first.returncode == 0, first.stderr
    assert "is recorded: infertop replay" in first.stderr
    again = infertop("run", "--again", "last", "--json", env=environment)
    assert again.returncode == 0, again.stderr
    runs = [json.loads(each.stdout) for each in (first, again)]
    assert [each["run"]["seed"] for each in runs] == [5, 5]
    assert [each["backends"][0]["requests"]["finished"] for each in runs] == [12, 12]
    assert [each["backends"][0]["tokens"]["input"] for each in runs] == [
        runs[0]["backends"][0]["tokens"]["input"]
    ] * 2
    folder = tmp_path / "infertop" / "sessions"
    assert [listing.ending for listing in listings(folder)] == ["every prompt was sent"] * 2


@pytest.mark.slow
def test_a_run_can_go_on_without_a_screen_and_be_stopped_later(tmp_path):
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path)}
    began = time.monotonic()
    started = infertop(*QUICK, "--duration", "60s", "--detach", env=environment)
    assert started.returncode == 0, started.stderr
    assert time.monotonic() - began < 20
    session = started.stderr.split("session ")[1].split()[0]
    assert session in infertop("attach", "--list", env=environment).stdout
    assert "running" in infertop("sessions", env=environment).stdout
    assert "is running" in infertop("sessions", "delete", session, "--yes", env=environment).stderr
    stopped = infertop("attach", session, "--stop", env=environment)
    assert stopped.returncode == 0, stopped.stderr
    assert "Cerebras" in stopped.stdout
    assert "no session is running" in infertop("attach", "--list", env=environment).stdout
    with open_recording(find(tmp_path / "infertop" / "sessions", session)) as recording:
        assert recording.facts.stop_reason == "told"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([*QUICK, "--detach"], "--detach needs an end"),
        ([*QUICK, "--record", "x", "--no-record"], "not allowed with"),
        ([*QUICK, "--keep-text", "--no-record", "--requests", "1"], "--keep-text"),
        ([*QUICK, "--record", "/nowhere/x.itop", "--requests", "1"], "there is no folder /nowhere"),
        (["run"], "give a PROFILE, or --again SESSION"),
        (["run", "fleet", "--again", "last"], "give a PROFILE, or --again SESSION"),
        (["run", "--again", "zz"], "no session is called 'zz'"),
        (["replay", "zz"], "no session is called 'zz'"),
        (["replay", "last", "--speed", "100"], "0.25 to 60"),
        (["attach"], "no session is running"),
    ],
)
def test_what_makes_no_sense_is_told_with_exit_code_2(words, told, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert main(words) == 2
    assert told in capsys.readouterr().err
