"""What of a stream of frames is kept: one a second, every change, and the last."""

import msgspec
import pytest

from infertop.engine.frame import AnswerFrame, BackendFrame, Followed, Frame, Marker, Pause, decode, encode
from infertop.sessions.journal.page import Event
from infertop.sessions.journal.scribe import Scribe

from .recordings import SECOND, record


def frame(at_s, *backends, **changes):
    return Frame(at_ns=round(at_s * SECOND), phase=changes.pop("phase", "running"), backends=backends, **changes)


def kept(scribe):
    return [round(at_ns / SECOND, 1) for at_ns, _ in scribe.page.frames]


def test_of_ten_frames_a_second_the_first_of_each_is_kept_and_the_last_of_all():
    scribe = Scribe()
    for tenth in range(47):
        scribe.take_frame(encode(frame(tenth / 10)))
    assert kept(scribe) == [0, 1, 2, 3, 4]
    scribe.end()
    assert kept(scribe) == [0, 1, 2, 3, 4, 4.6]
    scribe.end()
    assert len(scribe.page.frames) == 6
    assert scribe.page.events == [Event(0, "phase", "", "running")]


CHANGES = {
    "phase": (frame(1.5, phase="draining"), Event(1_500_000_000, "phase", "", "draining")),
    "down": (
        frame(1.5, BackendFrame(name="a", state="down")),
        Event(1_500_000_000, "down", "a", "nobody answers there"),
    ),
    "error": (
        frame(1.5, BackendFrame(name="a", errors={"timeout": 1}, last_error="no answer in 5 s")),
        Event(1_500_000_000, "error", "a", "first timeout: no answer in 5 s"),
    ),
    "workers": (
        frame(1.5, BackendFrame(name="a"), workers=3, missing_workers=(1,)),
        Event(1_500_000_000, "workers", "", "1 of 3 workers went missing"),
    ),
}


@pytest.mark.parametrize(("after", "event"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_kept_at_once(after, event):
    scribe = Scribe()
    scribe.take_frame(encode(frame(1.1, BackendFrame(name="a"))))
    scribe.take_frame(encode(frame(1.4, BackendFrame(name="a"))))
    scribe.take_frame(encode(after))
    assert kept(scribe) == [1.1, 1.5]
    assert scribe.page.events[1:] == [event]


def test_more_of_the_same_is_no_event():
    scribe = Scribe()
    for count in range(1, 6):
        scribe.take_frame(encode(frame(0.1 * count, BackendFrame(name="a", state="down", errors={"timeout": count}))))
    assert len(scribe.page.events) == 3  # running, down, first timeout
    assert kept(scribe) == [0.1]


def test_a_backend_that_answers_again_is_told():
    scribe = Scribe()
    scribe.take_frame(encode(frame(0.1, BackendFrame(name="a", state="down"))))
    scribe.take_frame(encode(frame(0.2, BackendFrame(name="a"))))
    assert scribe.page.events[-1] == Event(200_000_000, "up", "a", "answers again")


def test_a_pause_is_told_with_its_reason():
    fields = {field.name for field in msgspec.structs.fields(Pause)}
    pause = Pause(**{name: 5 if name.endswith("_ns") else "429" for name in fields})
    scribe = Scribe()
    scribe.take_frame(encode(frame(0.1, BackendFrame(name="a"))))
    scribe.take_frame(encode(frame(0.2, BackendFrame(name="a", pause=pause))))
    assert scribe.page.events[-1] == Event(200_000_000, "pause", "a", "nothing is sent there: 429")


def test_each_marker_is_written_once_and_its_frame_kept():
    scribe = Scribe()
    markers = ()
    for tenth in range(30):
        if tenth in {5, 14}:
            markers = (*markers, Marker(at_ns=tenth * SECOND // 10 - 1, text=f"m{tenth}"))
        scribe.take_frame(encode(frame(tenth / 10, markers=markers)))
    assert scribe.page.markers == [(499_999_999, "m5"), (1_399_999_999, "m14")]
    assert kept(scribe) == [0, 0.5, 1, 1.4, 2]


def test_requests_are_counted_so_that_missing_ones_show():
    scribe = Scribe()
    scribe.take_records(msgspec.msgpack.encode([record(1), record(2)]))
    scribe.take_frame(
        encode(frame(1, BackendFrame(name="a", finished=2, failed=1), BackendFrame(name="b", label="SIM")))
    )
    assert (scribe.records, scribe.head.settled, scribe.head.labels) == (2, 3, ("LIVE", "SIM"))
    assert scribe.page.records == [record(1), record(2)]


def test_what_is_no_frame_is_refused():
    with pytest.raises(msgspec.DecodeError):
        Scribe().take_frame(b"\xff")
    with pytest.raises(msgspec.DecodeError):
        Scribe().take_records(b"\x01")


def test_answers_that_somebody_reads_are_not_kept():
    answers = (AnswerFrame(backend="a", text="another", state="writing"),)
    followed = Followed(index=4, prompt="a secret", answers=answers)
    scribe = Scribe()
    scribe.take_frame(encode(Frame(phase="running", at_ns=1, followed=followed)))
    scribe.end()
    ((_, data),) = scribe.page.frames
    assert decode(data) == Frame(phase="running", at_ns=1)
    assert b"secret" not in data
