"""What crosses from the engine to whoever watches: frozen, versioned, cumulative.

Totals and histograms since the start of the measured window, never deltas: a dropped frame loses nothing and any
window is one subtraction. A frame describes itself; no earlier message is needed to read it.
"""

from typing import Final, Literal

import msgspec

from .cost import Price
from .histogram import HistogramState
from .plan import ArrivalsPlan, SloPlan, WorkloadPlan

FRAME_VERSION: Final = 1

FRAME_NS: Final = 100_000_000
"""Frames are made at whole multiples of this on the clock, so that those of several workers show the same moments."""

METRICS: Final = (
    "ttft", "ttft_sched", "ttfo", "tpot", "icl", "itl", "e2e", "e2e_sched", "send_lag", "connect",
)  # fmt: skip
"""Names of the histograms in `BackendFrame.histograms`; definitions in measurement.md."""

JUDGED: Final = ("ttft_sched", "tpot", "e2e_sched")
"""Metrics with one value a request, on which verdicts can rest."""

GOOD: Final = "good"
"""Name, among the series, of whether requests met the SLO."""

SLOT_NS: Final = 100_000_000
"""Width of a slot of `Timeline`."""

SLOTS: Final = 300
"""Most slots a `Timeline` holds: the last 30 s."""

MOST_MARKERS: Final = 100
"""Most markers a frame keeps, the newest."""

Label = Literal["LIVE", "SIM", "REPLAY"]
Phase = Literal["starting", "warmup", "running", "draining", "done"]
StopReason = Literal["", "requests", "duration", "budget", "told", "interrupted", "parent gone", "unreachable"]
TokenSource = Literal["usage", "tok", "≈", ""]


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """Output tokens by arrival, smeared over each chunk's gap (measurement.md, "system tok/s").

    Attributes:
        first_slot: number of the oldest slot; slot k covers [k, k + 1) * SLOT_NS of run time.
        tokens: tokens in each slot from `first_slot` on, at most SLOTS of them.
    """

    first_slot: int = 0
    tokens: tuple[float, ...] = ()


class Likeness(msgspec.Struct, frozen=True, kw_only=True):
    """How alike two backends' answers to the same prompts are (`likeness.alike`), summed over `n` prompts."""

    a: str
    b: str
    n: int = 0
    total: float = 0.0


class Serial(msgspec.Struct, frozen=True, array_like=True):
    """Sums over a series x and its neighbours, from which its mean, variance and lag-1 correlation follow.

    A tuple of them is one series at several lengths: each x the mean of 1, 2, 4, … consecutive values.

    Attributes:
        count: values.
        neighbours: pairs (x, y) of consecutive values; one fewer than `count` for each worker's series.
        total: Σx.
        squares: Σx².
        ends: Σ(x + y) over the pairs.
        products: Σxy over the pairs.
        parts: workers' series that were added.
    """

    count: int = 0
    neighbours: int = 0
    total: float = 0.0
    squares: float = 0.0
    ends: float = 0.0
    products: float = 0.0
    parts: int = 0


class PairFrame(msgspec.Struct, frozen=True, kw_only=True):
    """Two backends on the same prompts.

    Attributes:
        a, b: their names.
        differences: by name of JUDGED, the serial sums of ln(value of a) - ln(value of b) on one prompt, in the order
            in which the later of the two answered.
    """

    a: str
    b: str
    differences: dict[str, tuple[Serial, ...]] = {}


class BackendFrame(msgspec.Struct, frozen=True, kw_only=True):
    """One backend so far.

    Attributes:
        label: LIVE, SIM or REPLAY; never optional.
        url: base URL without credentials.
        model: model asked for.
        served_model: what the server says it is; "" until known.
        hardware, engine: as the plan says.
        price: with its date and source.
        stamp: where receive stamps come from.
        state: "down" when nobody answers there (sending goes on, slowly), else "ok".
        scheduled: = finished + failed + in_flight + not_sent, always.
        finished: complete answers.
        failed: everything else that was sent or tried.
        company: sum, over finished requests, of those in flight as each ended, itself included.
        resent: requests written again because the server had closed the idle connection they were written to.
        errors: failed by kind; sums to `failed`.
        last_error: one safe line, "" if none yet.
        input_tokens, cached_tokens, output_tokens, reasoning_tokens: of finished and failed requests.
        usage_requests: requests whose counts are the server's own.
        estimated_requests: requests whose counts are estimates.
        first_sent_ns: run time of its first send; None before.
        active_ns: from its first send to its last arrival, or to the end of the window if that came first; the
            denominator of throughput.
        arriving_tokens: output tokens that arrived within `active_ns`, in-flight requests included (estimated
            until usage comes); the numerator of throughput.
        chunks: content chunks.
        characters: characters of text, reasoning and tool arguments.
        prompt_characters: characters of the prompts whose tokens are in `input_tokens`.
        spent_usd: None without a price.
        good: requests that met every limit of the SLO; None without an SLO.
        histograms: by name of METRICS, those that are not empty.
        series: by name of JUDGED, the serial sums of ln(value in ns) in the order of answering; with an SLO, under
            GOOD, those of 1 for a request that met every limit and 0 for one that missed one or failed.
        finish_reasons: finished requests by finish reason.
    """

    name: str
    label: Label = "LIVE"
    url: str = ""
    model: str = ""
    served_model: str = ""
    hardware: str = ""
    engine: str = ""
    price: Price | None = None
    stamp: Literal["kernel", "user", ""] = ""
    state: Literal["ok", "down"] = "ok"
    scheduled: int = 0
    finished: int = 0
    failed: int = 0
    in_flight: int = 0
    not_sent: int = 0
    company: int = 0
    resent: int = 0
    errors: dict[str, int] = {}
    last_error: str = ""
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    usage_requests: int = 0
    estimated_requests: int = 0
    first_sent_ns: int | None = None
    active_ns: int = 0
    arriving_tokens: float = 0.0
    chunks: int = 0
    characters: int = 0
    prompt_characters: int = 0
    spent_usd: float | None = None
    good: int | None = None
    histograms: dict[str, HistogramState] = {}
    series: dict[str, tuple[Serial, ...]] = {}
    finish_reasons: dict[str, int] = {}
    timeline: Timeline = Timeline()

    @property
    def token_source(self) -> TokenSource:
        """Provenance of the token counts: `≈` as soon as one request's are estimated."""
        if self.estimated_requests:
            return "≈"
        return "usage" if self.usage_requests else ""


class ClientFrame(msgspec.Struct, frozen=True, kw_only=True):
    """The instrument's own error (measurement.md, "The instrument's own error").

    Attributes:
        loop_lag: lateness of the engine's event loop.
        cpu_share: share of one core the worker used over the last second; of several workers, the busiest's, for
            it is the one whose stamps suffer.
    """

    loop_lag: HistogramState = HistogramState()
    cpu_share: float = 0.0


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """A change of load or workload while it ran: on every time axis, and the start of a new window."""

    at_ns: int
    text: str


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a run at one moment.

    Attributes:
        at_ns: since the measured window opened (run time); 0 during warm-up.
        started_utc: ISO 8601, when the window opened; "" before.
        offered_per_s: open loop: the rate scheduled now, of all workers together; None in closed loop.
        workers: engine workers that share the prompts.
        missing_workers: those among them, from 0, that died or fell silent: what prompts of theirs (index mod
            `workers`) came of after that is not known.
        warmup_done: warm-up answers so far, over all backends.
        markers: oldest first, the last MOST_MARKERS.
        likenesses: of the answers, pair by pair, where prompts are answered at temperature 0.
        paired: every two backends on the prompts that both have answered.
        unpaired: values given up before every other backend had answered that prompt: some were too far behind.
    """

    version: int = FRAME_VERSION
    seq: int = 0
    title: str = ""
    phase: Phase = "starting"
    stop_reason: StopReason = ""
    at_ns: int = 0
    started_utc: str = ""
    seed: int = 0
    workload: WorkloadPlan = WorkloadPlan()
    arrivals: ArrivalsPlan = ArrivalsPlan()
    slo: SloPlan = SloPlan()
    requests: int | None = None
    duration_s: float | None = None
    workers: int = 1
    missing_workers: tuple[int, ...] = ()
    warmup: int = 0
    warmup_done: int = 0
    budget_usd: float | None = None
    offered_per_s: float | None = None
    client: ClientFrame = ClientFrame()
    markers: tuple[Marker, ...] = ()
    backends: tuple[BackendFrame, ...] = ()
    likenesses: tuple[Likeness, ...] = ()
    paired: tuple[PairFrame, ...] = ()
    unpaired: int = 0


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Frame)


class FrameVersionError(ValueError):
    """A frame written by another version of infertop."""


def encode(frame: Frame) -> bytes:
    """`frame` as msgpack."""
    return _encoder.encode(frame)


def decode(data: bytes) -> Frame:
    """The frame in `data`; raises FrameVersionError or msgspec.DecodeError."""
    frame = _decoder.decode(data)
    if frame.version != FRAME_VERSION:
        raise FrameVersionError(f"frame version {frame.version}, this infertop reads {FRAME_VERSION}")
    return frame
