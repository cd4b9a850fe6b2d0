"""Frames packed on top of each other come back as they were, and damage is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.engine.frame import encode
from infertop.sessions.journal.packing import PART, PackingError, pack, unpack

from .recordings import run

some_bytes = st.binary(max_size=200).map(lambda seed: seed * 400)


@given(some_bytes, some_bytes)
def test_what_is_packed_comes_back(frame, before):
    assert unpack(pack(frame, before), before) == frame
    assert unpack(pack(frame)) == frame


def test_a_frame_costs_what_is_new_in_it():
    frames = [encode(frame) for frame in run(3)]
    assert len(frames[2]) > PART // 4
    assert len(pack(frames[2], frames[1])) < len(pack(frames[2])) / 4


@given(st.binary(max_size=100))
def test_other_bytes_are_refused(data):
    try:
        made = unpack(data)
    except PackingError:
        return
    assert unpack(pack(made)) == made


def test_a_part_that_swells_is_refused():
    import zlib

    bomb = zlib.compress(bytes(50 << 20))
    with pytest.raises(PackingError, match="does not end"):
        unpack(len(bomb).to_bytes(4, "little") + bomb)


@pytest.mark.parametrize("cut", [1, 3, 4, 10, 50])
def test_a_cut_is_noticed(cut):
    packed = pack(encode(run(1)[0]))
    with pytest.raises(PackingError):
        unpack(packed[:-cut])
