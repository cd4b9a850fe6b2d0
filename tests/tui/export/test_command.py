"""`infertop export` as a shell sees it."""

import csv
import json
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from infertop.engine.frame import encode
from infertop.sessions.journal.page import Page
from infertop.sessions.journal.writer import JournalWriter
from infertop.tui.cli import main
from tests.sessions.export.made import Running, recorded
from tests.sessions.journal.recordings import facts
from tests.tui.test_cli import infertop


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("command") / "run.itop", 10)


def test_every_format_at_once(path: Path, tmp_path: Path) -> None:
    formats = "html,md,json,csv,svg,txt,cast,vllm"
    done = infertop("export", str(path), "-f", formats, "-o", f"{tmp_path}/out/")
    assert (done.returncode, done.stderr) == (0, "")
    written = [Path(line) for line in done.stdout.splitlines()]
    assert {file.name for file in written} == {
        "run.html", "run.md", "run.json", "run.requests.csv", "run.series.csv", "run.svg", "run.txt", "run.cast",
        "run.h200-4.vllm.json", "run.groq.vllm.json", "run.laptop.vllm.json",
    }  # fmt: skip
    assert all(file.stat().st_size > 200 for file in written)
    with (tmp_path / "out/run.requests.csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.reader(file, strict=True))) == 32


def test_one_format_to_the_standard_output(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(path), "-f", "json", "-o", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "infertop.summary/1"


def test_the_name_of_a_file_says_its_format(path: Path, tmp_path: Path) -> None:
    assert main(["export", str(path), "-o", str(tmp_path / "a.md")]) == 0
    assert (tmp_path / "a.md").read_text(encoding="utf-8").startswith("# by hand")


def test_a_moment_of_it(path: Path, tmp_path: Path) -> None:
    words = ["export", str(path), "-f", "txt", "--at", "4s", "--size", "80x24", "-o", str(tmp_path)]
    assert main(words) == 0
    assert "00:04" in (tmp_path / "run_at-4s.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("export nosuch", "nosuch"),
        ("export {run} -f pdf", "there are html, md"),
        ("export {run} -o x.pdf", "-o x.pdf: no format ends so"),
        ("export {run} -f csv -o x.csv", "give a folder"),
        ("export {run} -f html,md -o -", "give a folder"),
        ("export {run} --size 10x10", "20 to 500"),
        ("export {run} --size big", "120x40"),
        ("export {run} --at noon", "--at"),
        ("export {run} -o {run}", "no format ends so"),
        ("export {run} -f html -o {run}", "exists already; --force"),
        ("run fleet --headless --export x.pdf", "--export x.pdf"),
        ("run fleet --headless --export /no/such/x.html", "there is no folder"),
        ("run fleet --headless --export x.cast --no-record", "keeps none"),
        ("run fleet --detach --duration 1s --export x.html", "leave --detach out"),
    ],
)
def test_mistakes_are_told(
    path: Path,
    tmp_path: Path,
    words: str,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words.format(run=path).split()) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert "internal error" not in said.err
    assert not list(tmp_path.iterdir())


def test_a_run_exports_its_end(tmp_path: Path) -> None:
    words = "run fleet --only h200,groq-lpu --virtual --json --duration 60s"
    done = infertop(*words.split(), "--export", str(tmp_path / "end.json"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "end.json").read_text(encoding="utf-8") == done.stdout


@pytest.mark.slow
def test_an_hour_of_eight_backends_takes_seconds_and_little_room(tmp_path: Path) -> None:
    """By processor time; frames come every four seconds and grow in eight steps, eight minutes each or so."""
    stacks = tuple((f"stack {at}", 100.0 * (at + 1), 10.0 + at) for at in range(8))
    running = Running(stacks)
    journal = JournalWriter(tmp_path / "hour.itop", facts())
    for at in range(8):
        frame = running.frame(60 * (at + 1))
        page = Page()
        for now in range(at * 450, (at + 1) * 450, 4):
            page.add_frame(now * 10**9, encode(replace(frame, seq=now, at_ns=now * 10**9)))
        journal.write(page)
    journal.close("duration", ("SIM",))
    took, sizes = {}, {}
    for name in ("html", "csv", "cast"):
        began = time.process_time()
        assert main(["export", str(tmp_path / "hour.itop"), "-f", name, "-o", f"{tmp_path / name}/"]) == 0
        took[name] = time.process_time() - began
        sizes[name] = sum(file.stat().st_size for file in (tmp_path / name).iterdir())
    assert max(took.values()) < 30, took
    assert max(sizes.values()) < 8_000_000, sizes
    assert sizes["html"] < 1_000_000, sizes
