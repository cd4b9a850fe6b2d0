"""Whoever shares the machine reads no prompt and no answer: a canary in both, and every file that it comes to."""

import os
import stat
from pathlib import Path

from msgspec.structs import replace

from infertop.engine.frame import AnswerFrame, Followed
from infertop.tui.export.formats import NAMES, write_snapshot
from infertop.tui.export.screen import Screen
from infertop.tui.view import View
from tests.sessions.export.made import Running
from tests.sessions.journal.recordings import record, written

PROMPT, ANSWER = "canary-asks", "canary-says"
STREAM = Screen(120, 40, view=View(wanted=("stream", "cards")))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_no_file_that_holds_texts_can_be_read_by_others(tmp_path: Path) -> None:
    running = Running()
    frames = [running.frame(1), running.frame(2, phase="done", stop_reason="duration")]
    texts = {"prompt": PROMPT, "answer": ANSWER}
    followed = Followed(
        index=1,
        prompt=PROMPT,
        answers=tuple(AnswerFrame(backend=each.name, text=ANSWER, state="done") for each in frames[1].backends),
    )
    before = os.umask(0o022)
    try:
        journal = written(tmp_path / "state" / "run.itop", frames, [record(1, backend="Groq", **texts)])
        files = write_snapshot(
            replace(frames[1], followed=followed), NAMES, tmp_path / "out", recording=journal, screen=STREAM
        )
    finally:
        os.umask(before)
    telling = [
        file for file in (journal, *files) if any(word.encode() in file.read_bytes() for word in (PROMPT, ANSWER))
    ]
    assert {file.suffix for file in telling} == {".itop", ".json", ".svg", ".txt"}
    assert {file.name for file in telling if file.suffix == ".json"} == {"run.groq.vllm.json"}
    assert {mode(file) for file in telling} == {0o600}
    assert {mode(file.parent) for file in telling} == {0o700}
    assert {mode(file) for file in files if file.name in {"run.html", "run.md", "run.json"}} == {0o644}
