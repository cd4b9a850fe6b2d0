"""What the screen shows at one moment: frozen, complete, and free of clocks and terminals.

Every string in it is safe to draw (it went through `printable`), save what a card's `window` holds.
"""

from dataclasses import dataclass

from ..engine.frame import Label, Phase, TokenSource
from ..engine.plan import ArrivalsPlan
from ..engine.verdict import Verdict
from ..sessions.trust import Trust
from .answers import Answers
from .costcurves import CostCurves
from .draw.axis import LogAxis
from .draw.graph import Floats
from .heatmap import HeatMap
from .metrics import Metric
from .pairedpast import Ratios
from .window import BackendWindow


@dataclass(frozen=True, slots=True)
class Client:
    """How far the instrument can be believed (measurement.md, "The instrument's own error").

    Attributes:
        trust: over the window; "red" withholds every verdict.
        lag_p99_ns: lateness of the engine's event loop; None before the first tick.
        cpu_share: of one core.
        missing: engine workers that died or fell silent.
        workers: all there should be.
        clock_error_ns: the most by which run time may differ between machines; None when all workers are on this one.
    """

    trust: Trust
    lag_p99_ns: float | None
    cpu_share: float
    missing: int
    workers: int
    clock_error_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """How requests are sent.

    Attributes:
        arrivals: the plan in force.
        offered_per_s: the rate scheduled now; None in closed loop.
        achieved_per_s: requests sent per second and backend in the window; None before any.
        not_sent: requests of the window that were due and never left.
        send_lag_p99_ns: lateness of sending in the window; None before any.
    """

    arrivals: ArrivalsPlan
    offered_per_s: float | None
    achieved_per_s: float | None
    not_sent: int
    send_lag_p99_ns: float | None

    @property
    def open_loop(self) -> bool:
        """Whether requests leave on a timetable."""
        return self.arrivals.kind != "closed"


@dataclass(frozen=True, slots=True)
class Header:
    """The first line.

    Attributes:
        models: the models asked for, one name when all agree.
        prompts: prompts sent to the backend that had most.
        prompts_limit: where the run ends, None if nowhere.
        spent_usd: of all backends since the start; None when none has a price.
        simulated_money: every price belongs to a SIM backend: nobody pays.
        window: what the figures cover, in words.
    """

    title: str
    workload: str
    models: tuple[str, ...]
    phase: Phase
    stop_reason: str
    warmup: tuple[int, int]
    at_ns: int
    duration_ns: int | None
    prompts: int
    prompts_limit: int | None
    spent_usd: float | None
    budget_usd: float | None
    simulated_money: bool
    window: str
    load: Load
    client: Client


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    """One backend, over the window unless said otherwise.

    Attributes:
        series: its place among the backends: colour and marker.
        tok_s: rolling output tokens per second, or the mean of the window once the run is over; None before any.
        mean: whether `tok_s` is that mean.
        token_source: provenance of token counts.
        rates: rolling tok/s at half seconds, oldest first, NaN before the start; shape (points,).
        rate_top: tok/s at full height of the graph.
        window: its counters and histograms over the window.
        usd_per_m: effective $/M output tokens; None without a price or tokens.
        spent_usd: since the start of the run; None without a price.
        priced: whether a price is known.
        errors: failures by kind, most frequent first.
        attainment: share of settled requests that met the SLO; None without one.
    """

    series: int
    name: str
    label: Label
    hardware: str
    engine: str
    down: bool
    tok_s: float | None
    mean: bool
    token_source: TokenSource
    rates: Floats
    rate_top: float
    window: BackendWindow
    usd_per_m: float | None
    spent_usd: float | None
    priced: bool
    in_flight: int
    finished: int
    failed: int
    errors: tuple[tuple[str, int], ...]
    last_error: str
    attainment: float | None

    @property
    def estimated(self) -> bool:
        """Whether token counts, and all that rests on them, are estimates."""
        return self.token_source == "≈"  # noqa: S105 - tokens of text, no secrets


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        at_ns: run time, of the latest time if it happened often.
        series: the backend it concerns, None for the whole run.
        text: one line.
        bad: whether it is trouble.
    """

    at_ns: int
    series: int | None
    text: str
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A change of load or workload: it stands on every axis of time."""

    at_ns: int
    text: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdicts on one metric, every pair of backends.

    Attributes:
        base: number of the frame the window began at, 0 for the start of the run.
        stale: no judge has seen this metric in this window yet.
    """

    metric: Metric
    base: int
    verdicts: tuple[Verdict, ...] = ()
    stale: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """The whole picture.

    Attributes:
        metric: shown in the tails and judged.
        axis: shared by all tails; None before the first value.
        unlike: what keeps backends from being compared like for like, in words, the gravest first.
        events: oldest first.
        marks: oldest first.
        heat: latency over time; None before the first answer.
        costs: cost over time; None before anything was spent.
        followed: what all say to one prompt; None while nobody asks for it.
        ratios: how every two backends compare on the same prompts over time; None while nobody asks for it.
    """

    header: Header
    cards: tuple[Card, ...]
    metric: Metric
    axis: LogAxis | None
    judgement: Judgement
    unlike: tuple[str, ...]
    events: tuple[Event, ...]
    marks: tuple[Mark, ...] = ()
    heat: HeatMap | None = None
    costs: CostCurves | None = None
    followed: Answers | None = None
    ratios: Ratios | None = None

    def shown(self, metric: Metric) -> str:
        """The name of the histogram `metric` is read from under the present load."""
        return metric.histogram(open_loop=self.header.load.open_loop)
