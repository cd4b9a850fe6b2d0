"""Which backends are shown, in which order, and that they keep their places while figures move."""

from functools import cache

import pytest
from msgspec.structs import replace

from infertop.tui.metrics import TTFT
from infertop.tui.model import Model
from infertop.tui.ordering import Ordering, sought
from infertop.tui.view import SORTS, View

from .frames import SECOND, STACKS, Fleet


@cache
def frame():
    return Fleet(STACKS).advance(30).frame()


def board(of=None):
    model = Model()
    model.take(of or frame())
    return model.board(TTFT)


def model_windows():
    model = Model()
    model.take(frame())
    return model.windows()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", list(range(8))),
        ("GROQ", [2]),
        ("vllm", [0, 1]),
        ("live llama.cpp", [6]),
        ("<200", [2, 5]),
        ("<0.2s", [2, 5]),
        ("sim <200ms", [5]),
        ("<1", []),
        ("[", []),
        ("<x", []),
    ],
)
def test_words_and_limits(text, found):
    assert sought(model_windows(), text, TTFT) == found


@pytest.mark.parametrize("sort", SORTS)
def test_an_order_loses_nobody_and_puts_the_unknown_last(sort):
    cards = Ordering().arranged(board(), View(sort=sort)).cards
    assert {card.series for card in cards} == set(range(8))
    if sort in {"tok/s", "latency"}:
        assert cards[-1].name == "gpu1 llama.cpp", "it is down"
    if sort == "$/M":
        known = [card.usd_per_m for card in cards]
        assert known == [*sorted(value for value in known if value is not None), *[None] * known.count(None)]


def test_places_are_kept_for_some_seconds():
    ordering, view = Ordering(), View(sort="tok/s")
    first = [card.series for card in ordering.arranged(board(), view).cards]
    for seconds, same in ((31, True), (32.9, True), (33.1, False)):
        slower = [
            replace(each, finished=0, failed=0, chunks=0 if at == first[0] else each.chunks)
            for at, each in enumerate(frame().backends)
        ]
        later = replace(frame(), seq=9, at_ns=round(seconds * SECOND), backends=tuple(slower))
        order = [card.series for card in ordering.arranged(board(later), view).cards]
        assert (order == first) is same
    assert order[-1] in {first[0], 6}
