"""Paired differences: every two backends on every prompt both answered, once, in whatever order answers come."""

from itertools import combinations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infertop.engine import pairing as module
from infertop.engine.frame import JUDGED
from infertop.engine.pairing import Pairing

TTFT = JUDGED[0]
NAMES = ["a", "b", "c"]


@settings(deadline=None, max_examples=60)
@given(st.permutations([(name, index) for name in NAMES for index in range(12)]), st.sets(st.integers(0, 35)))
def test_every_pair_has_every_prompt_that_both_answered(order, lost):
    rng = np.random.default_rng(1)
    value = {(name, index): float(rng.uniform(10, 20)) for name in NAMES for index in range(12)}
    arrived = [key for at, key in enumerate(order) if at not in lost]
    pairing = Pairing(NAMES)
    sides = {name: pairing.of(name) for name in NAMES}
    for name, index in arrived:
        sides[name].add(TTFT, index, value[name, index])
    frames = tuple(pairing.pairs())
    assert [(frame.a, frame.b) for frame in frames] == list(combinations(NAMES, 2))
    for frame in frames:
        both = [i for i in range(12) if (frame.a, i) in arrived and (frame.b, i) in arrived]
        differences = np.array([value[frame.a, i] - value[frame.b, i] for i in both])
        if not both:
            assert frame.differences == {}
            continue
        singles = frame.differences[TTFT][0]
        assert singles.count == len(both)
        assert singles.total == pytest.approx(differences.sum())
        assert singles.squares == pytest.approx((differences**2).sum())
    assert pairing.unpaired == 0


def test_metrics_are_apart():
    pairing = Pairing(["a", "b"])
    one, other = pairing.of("a"), pairing.of("b")
    one.add("ttft_sched", 0, 12.0)
    other.add("tpot", 0, 11.0)
    other.add("ttft_sched", 0, 10.0)
    (frame,) = tuple(pairing.pairs())
    assert set(frame.differences) == {"ttft_sched"}
    assert frame.differences["ttft_sched"][0].total == 2.0


def test_a_backend_too_far_behind_is_given_up_and_counted(monkeypatch):
    monkeypatch.setattr(module, "ROWS", 8)
    pairing = Pairing(["fast", "slow"])
    fast, slow = pairing.of("fast"), pairing.of("slow")
    for index in range(20):
        fast.add(TTFT, index, 12.0)
    assert pairing.unpaired == 12
    for index in range(14):
        slow.add(TTFT, index, 13.0)
    assert pairing.unpaired == 12 + 12
    assert next(pairing.pairs()).differences[TTFT][0].count == 2


def test_a_worker_s_share_of_the_prompts_fills_the_ring(monkeypatch):
    monkeypatch.setattr(module, "ROWS", 8)
    pairing = Pairing(["a", "b"], workers=4)
    one, other = pairing.of("a"), pairing.of("b")
    for index in range(3, 32, 4):
        one.add(TTFT, index, 12.0)
    for index in range(3, 32, 4):
        other.add(TTFT, index, 13.0)
    assert next(pairing.pairs()).differences[TTFT][0].count == 8
    assert pairing.unpaired == 0


def test_a_pair_adds_little_to_a_frame():
    names = [f"backend number {at}" for at in range(8)]
    pairing = Pairing(names)
    rng = np.random.default_rng(2)
    sides = [pairing.of(name) for name in names]
    for index in range(600):
        for side in sides:
            for metric in JUDGED:
                side.add(metric, index, float(rng.normal(18, 0.3)))
    assert len(msgspec.msgpack.encode(tuple(pairing.pairs()))) / 28 < 1600
