"""How a person has arranged the sweep screen: frozen, changed only by making another."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from ..draw.glyphs import Tier

Chart = Literal["throughput", "latency", "pareto", "points"]

CHARTS: Final[tuple[Chart, ...]] = get_args(Chart)
"""In the order of the tab key; those that have no room beside the one in front wait."""

Rival = Literal["tok/s/chip", "$/M", "J/tok"]

RIVALS: Final[tuple[Rival, ...]] = get_args(Rival)
"""What the Pareto view sets against the speed of one user."""

Sort = Literal["profile", "best", "latency", "$/M", "name"]

SORTS: Final[tuple[Sort, ...]] = get_args(Sort)
"""As in the profile; most tok/s within the targets, least latency there, cheapest there, by name."""


@dataclass(frozen=True, slots=True)
class SweepView:
    """What is in front, what is hidden, what is said.

    Attributes:
        focus: series number of the backend that is selected.
        alone: only that one is drawn in the charts.
        legend: the list of backends is shown.
        even: heights of the throughput chart are even, not logarithmic.
        scroll: rows of the table of points gone off at the top.
        notice: a word to the user, in place of the keys.
    """

    tier: Tier = Tier.BRAILLE
    front: Chart = "throughput"
    rival: Rival = "tok/s/chip"
    sort: Sort = "profile"
    focus: int = 0
    alone: bool = False
    legend: bool = True
    even: bool = False
    scroll: int = 0
    notice: str = ""

    def order(self) -> tuple[Chart, ...]:
        """The charts, the one in front first."""
        at = CHARTS.index(self.front)
        return (*CHARTS[at:], *CHARTS[:at])

    def turned(self, by: int) -> "SweepView":
        """With the next chart in front (`by` 1), or the one before (-1)."""
        return replace(self, front=CHARTS[(CHARTS.index(self.front) + by) % len(CHARTS)], scroll=0)

    def sorted_by(self, by: int) -> "SweepView":
        """With the next order in place (`by` 1), or the one before (-1)."""
        return replace(self, sort=SORTS[(SORTS.index(self.sort) + by) % len(SORTS)])

    def against(self, by: int) -> "SweepView":
        """With the next rival of the user's speed."""
        return replace(self, rival=RIVALS[(RIVALS.index(self.rival) + by) % len(RIVALS)])

    def moved(self, by: int, shown: Sequence[int]) -> "SweepView":
        """With the focus `by` backends on among those `shown`, stopping at the first and the last."""
        if not shown:
            return self
        at = shown.index(self.focus) + by if self.focus in shown else 0
        return replace(self, focus=shown[min(max(at, 0), len(shown) - 1)], scroll=0)
