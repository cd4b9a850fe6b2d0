"""How a person has arranged the picture: frozen, changed only by making another."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from .draw.glyphs import Tier
from .metrics import CYCLE, TTFT, Metric

Panel = Literal["cards", "tails", "verdicts", "events"]

PANELS: Final[tuple[Panel, ...]] = ("cards", "tails", "verdicts", "events")
"""Panels in the order of their number keys, 1 first."""


@dataclass(frozen=True, slots=True)
class View:
    """What is in front, what is hidden, what is said.

    Attributes:
        focus: series number of the card in focus.
        expanded: that card fills the space of cards and tails.
        hidden: panels switched off.
        frozen_s: how long the picture has stood still; None while it moves.
        trouble: what is wrong with the engine, "" while it is well.
        notice: a word to the user, in place of the keys.
    """

    tier: Tier = Tier.BRAILLE
    metric: Metric = TTFT
    focus: int = 0
    expanded: bool = False
    hidden: frozenset[Panel] = frozenset()
    frozen_s: float | None = None
    trouble: str = ""
    notice: str = ""

    def cycled(self, by: int) -> "View":
        """With another metric in front."""
        return replace(self, metric=CYCLE[(CYCLE.index(self.metric) + by) % len(CYCLE)])

    def toggled(self, number: int) -> "View":
        """With panel `number` (from 1) shown or hidden; another number changes nothing."""
        if not 1 <= number <= len(PANELS):
            return self
        return replace(self, hidden=self.hidden ^ {PANELS[number - 1]})

    def moved(self, by: int, backends: int) -> "View":
        """With the focus `by` cards on, stopping at the first and the last."""
        return replace(self, focus=min(max(self.focus + by, 0), max(backends - 1, 0)))
