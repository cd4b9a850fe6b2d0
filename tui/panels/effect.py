"""How much one backend is ahead of another, in words: shared by the sentences and the matrix of verdicts."""

from collections.abc import Sequence

from ...engine.verdict import Outcome, Paired, Verdict
from ..board import Card
from ..draw.units import ratio

_UNBOUNDED = 100.0
"""A bound this far off is no bound: the sample does not limit it yet."""


def between(verdicts: Sequence[Verdict], a: Card, b: Card) -> Verdict | None:
    """The verdict on two cards, whichever comes first in it."""
    names = {a.window.now.name, b.window.now.name}
    return next((verdict for verdict in verdicts if {verdict.a, verdict.b} == names), None)


def ordered(outcome: Outcome, verdict: Verdict, one: Card, other: Card) -> tuple[Card, Card]:
    """The two cards of a decided outcome, the lower one first."""
    one_is_a = verdict.a == one.window.now.name
    return (one, other) if (outcome == "a lower") == one_is_a else (other, one)


def bounds(made: Verdict | Paired) -> str:
    """`2.8–3.4`, `at least 2.3`, or nothing where there is no interval."""
    if made.low is None or made.high is None:
        return ""
    low = ratio(made.low).rstrip("×")
    return f"{low}–{ratio(made.high).rstrip('×')}" if made.high < _UNBOUNDED else f"at least {low}"


def answers(made: Verdict | Paired) -> str:
    """How many answers it rests on, of how many needed."""
    return f"{made.n:,} of {made.needed:,}" if made.needed else f"{made.n:,}"
