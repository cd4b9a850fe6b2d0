"""What a watcher gets of an engine's frames: every moment, of the others the newest, and why they end."""

import pytest

from infertop.engine.channel import FAILURE, FRAME, MOMENT
from infertop.engine.frame import Frame, encode
from infertop.engine.inbox import MOST_MOMENTS, EngineError, Inbox


async def dead():
    return "it fell over"


def frame(seq, phase="running"):
    return encode(Frame(seq=seq, phase=phase))


async def seen(inbox):
    return [each.seq async for each in inbox.frames()]


async def test_of_frames_that_wait_the_newest_is_seen_and_of_moments_all():
    inbox = Inbox(dead)
    for seq, kind in enumerate((FRAME, FRAME, MOMENT, FRAME, MOMENT, FRAME, FRAME)):
        inbox.take(kind, frame(seq, "done"))
    inbox.close()
    assert await seen(inbox) == [2, 4, 6]


async def test_too_many_moments_give_way_to_newer_ones():
    inbox = Inbox(dead)
    for seq in range(MOST_MOMENTS + 5):
        inbox.take(MOMENT, frame(seq, "done"))
    inbox.close()
    assert await seen(inbox) == list(range(5, MOST_MOMENTS + 5))


async def test_the_newest_can_be_had_at_once():
    inbox = Inbox(dead)
    assert inbox.newest() is None
    inbox.take(MOMENT, frame(1))
    inbox.take(FRAME, frame(2))
    assert inbox.newest().seq == 2
    inbox.take(MOMENT, frame(3))
    assert inbox.newest().seq == 3
    assert inbox.newest().seq == 3


async def test_an_end_before_the_last_frame_is_an_error_with_a_reason():
    inbox = Inbox(dead)
    inbox.take(FRAME, frame(1))
    inbox.close()
    with pytest.raises(EngineError, match="it fell over"):
        await seen(inbox)
    inbox = Inbox(dead)
    inbox.take(FAILURE, b"no such workload")
    inbox.close()
    with pytest.raises(EngineError, match="no such workload"):
        await seen(inbox)
