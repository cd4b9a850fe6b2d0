"""How a person has arranged the picture: frozen, changed only by making another."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from .chronicle import Time
from .draw.glyphs import Tier
from .metrics import CYCLE, TTFT, Metric
from .past import SPANS_S

Panel = Literal["cards", "tails", "heat", "cost", "power", "verdicts", "stream", "server", "events"]

Page = Literal["board", "depth", "compare"]
"""What fills the screen between header and footer: the panels, one backend, or two."""

PANELS: Final[tuple[Panel, ...]] = get_args(Panel)
"""Panels from top to bottom, which is the order of their number keys, 1 first."""

Sort = Literal["profile", "tok/s", "latency", "$/M", "J/tok", "SLO", "errors", "name"]

LOOK_COLUMNS: Final = 10
"""Columns that one goes back or on at a time where time runs across."""

_BEYOND: Final = 12
"""Columns shown to the right of the moment looked at."""

SORTS: Final[tuple[Sort, ...]] = get_args(Sort)
"""As in the profile; fastest, lowest p95 of the metric in front, cheapest, thriftiest, best, most failing first."""

WANTED_FIRST: Final[tuple[Panel, ...]] = ("cards", "tails", "verdicts", "events", "heat", "cost")
"""What a first start shows, as far as there is room."""


@dataclass(frozen=True, slots=True)
class View:
    """What is in front, what is hidden, what is said.

    Attributes:
        shades: whether the terminal tells the shades of a colour ramp apart; where not, glyphs are shades.
        span_s: width of a column where time runs across, of `past.SPANS_S`.
        focus: series number of the card in focus.
        expanded: the page of that card is shown, everything known of it.
        versus: series number of the card that the one in focus is compared with, on a page of their own; None while
            nobody asks.
        scroll: rows of a page that have gone off at the top.
        sought: only backends in whose name, hardware, software or model this occurs; "" for all.
        sort: by what they stand in order.
        moment_s: second of the run that is looked at where time runs across; None for now.
        wanted: panels to show, the most wanted first: where they do not all fit, the last go without.
        only: the most wanted panel has the screen to itself.
        frozen_s: how long the picture has stood still; None while it moves.
        trouble: what is wrong with the engine, "" while it is well.
        notice: a word to the user, in place of the keys.
        replay: of a recording: that it is one, and at what pace it is shown; "" for a run.
    """

    tier: Tier = Tier.BRAILLE
    shades: bool = True
    metric: Metric = TTFT
    span_s: int = SPANS_S[0]
    focus: int = 0
    expanded: bool = False
    versus: int | None = None
    scroll: int = 0
    sought: str = ""
    sort: Sort = "profile"
    moment_s: int | None = None
    wanted: tuple[Panel, ...] = WANTED_FIRST
    only: bool = False
    frozen_s: float | None = None
    trouble: str = ""
    notice: str = ""
    replay: str = ""

    @property
    def page(self) -> Page:
        """What fills the screen."""
        return "depth" if self.expanded else "board" if self.versus is None else "compare"

    @property
    def time(self) -> Time:
        """What is shown where time runs across: up to now, or some columns beyond the moment looked at."""
        return Time(self.span_s, None if self.moment_s is None else self.moment_s + _BEYOND * self.span_s)

    def cycled(self, by: int) -> "View":
        """With another metric in front."""
        return replace(self, metric=CYCLE[(CYCLE.index(self.metric) + by) % len(CYCLE)])

    def zoomed(self, by: int) -> "View":
        """With wider columns of time (`by` 1) or narrower ones (-1), as far as there are."""
        at = SPANS_S.index(self.span_s) + by
        return replace(self, span_s=SPANS_S[min(max(at, 0), len(SPANS_S) - 1)])

    def toggled(self, panel: Panel, seen: Collection[Panel]) -> "View":
        """With `panel` gone if it is among those `seen`, else wanted more than any other."""
        others = tuple(each for each in self.wanted if each != panel)
        return replace(self, wanted=others if panel in seen else (panel, *others))

    def sorted_by(self, by: int) -> "View":
        """With the next order in place (`by` 1), or the one before (-1)."""
        return replace(self, sort=SORTS[(SORTS.index(self.sort) + by) % len(SORTS)])

    def moved(self, by: int, shown: Sequence[int]) -> "View":
        """With the focus `by` cards on among those `shown`, stopping at the first and the last."""
        if not shown:
            return self
        at = shown.index(self.focus) + by if self.focus in shown else 0
        return replace(self, focus=shown[min(max(at, 0), len(shown) - 1)])
