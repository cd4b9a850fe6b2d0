"""What crosses from the engine to whoever watches: frozen, versioned, cumulative.

Totals and histograms since the start of the measured window, never deltas: a dropped frame loses nothing and any
window is one subtraction. A frame describes itself; no earlier message is needed to read it.
"""

from typing import Final, Literal

import msgspec

from ..backends.fleet.faults import Fault
from ..backends.observe.readings import ServerFigures
from ..backends.rate_limits import RateLimits
from .commands import StopReason
from .cost import FormerPrice, Price
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

UNSENT: Final = ("rate limit", "rate cap", "concurrency cap", "budget", "too many in flight", "held", "down")
"""Why a prompt that was due never left: the provider asked for a pause; a cap of the plan; the descriptors of this
process; a person held the backend; nobody answers there."""

Unsent = Literal["rate limit", "rate cap", "concurrency cap", "budget", "too many in flight", "held", "down"]
Label = Literal["LIVE", "SIM", "REPLAY"]
Phase = Literal["starting", "warmup", "running", "draining", "done"]
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


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is sent to a backend for `left_ns` more, because of `why` ("429, tokens/min used up")."""

    left_ns: int
    why: str


class Allowances(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider's newest answer said about how much more may be sent; came at `at_ns` (run time)."""

    at_ns: int
    limits: RateLimits


class ServerFrame(ServerFigures, frozen=True, kw_only=True):
    """What a server's metrics say (`ServerFigures`, of which the counters count from the start of the window).

    Attributes:
        source: whose names they are, as "vLLM /metrics"; "" until a page came.
        age_ns: since the newest page came; None before the first.
        error: why the figures of now are not known, one safe line; "" while they are.
        samples: pages that came while prompts were sent.
        running_sum, waiting_sum, kv_cache_sum: over those pages, for the means; None where the server does not say.
    """

    source: str = ""
    age_ns: int | None = None
    error: str = ""
    samples: int = 0
    running_sum: float | None = None
    waiting_sum: float | None = None
    kv_cache_sum: float | None = None


class PowerFrame(msgspec.Struct, frozen=True, kw_only=True):
    """What a backend's hardware draws.

    Attributes:
        source: "NVML", "DCGM", "AMD", "RAPL", "Neuron", "Triton", "prometheus" or "modelled".
        detail: what was read, or what a model assumes; one safe line.
        measured: whether by an instrument; false for any model.
        host_level: whether others than the backend draw from what was read.
        watts: now; None where not known.
        joules: over the backend's active time (`BackendFrame.active_ns`), as throughput is; None where not known.
        idle_watts: without load, as stated, modelled, or measured before anything was sent; None where not known.
        idle_joules: what that comes to over the active time.
        pue: of the building, as stated.
        error: why something is not known, one safe line.
    """

    source: str
    detail: str = ""
    measured: bool = False
    host_level: bool = False
    watts: float | None = None
    joules: float | None = None
    idle_watts: float | None = None
    idle_joules: float | None = None
    pue: float | None = None
    error: str = ""


class BackendFrame(msgspec.Struct, frozen=True, kw_only=True):
    """One backend so far.

    Attributes:
        label: LIVE, SIM or REPLAY; never optional.
        url: base URL without credentials.
        model: model asked for.
        served_model: what the server says it is; "" until known.
        hardware, engine: as the plan says.
        price: with its date and source.
        former_prices: those before it in this run, oldest first; `spent_usd` counts each until it was exchanged.
        price_old: whether that date was too long ago, or none, when the run began (`backends.prices.is_old`).
        faults: injected by the simulated fleet.
        stamp: where receive stamps come from.
        state: "down" when nobody answers there (sending goes on, slowly), else "ok".
        scheduled: = finished + failed + in_flight + not_sent, always.
        finished: complete answers.
        failed: everything else that was sent or tried.
        unsent: not_sent by reason (UNSENT); sums to `not_sent`.
        held: whether a person holds it: nothing is sent (`commands.Hold`).
        held_back: prompts of a closed loop that left later because of that, a pause or a cap of ours.
        pause: the one in force; None while sending is free.
        limits: None where the provider says nothing of them.
        company: sum, over finished requests, of those in flight as each ended, itself included.
        resent: requests written again because the server had closed the idle connection they were written to.
        errors: failed by kind; sums to `failed`.
        latest_ns: run time of the latest failure of each kind.
        last_error: one safe line, "" if none yet.
        input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens: of finished and failed
            requests.
        usage_requests: requests whose counts are the server's own.
        estimated_requests: requests whose counts are estimates.
        disbelieved_requests: requests whose server stated token counts that cannot be: taken for none.
        first_sent_ns: run time of its first send; None before.
        active_ns: from its first send to its last arrival, or to the end of the window if that came first; the
            denominator of throughput.
        arriving_tokens: output tokens that arrived within `active_ns`, in-flight requests included (estimated
            until usage comes); the numerator of throughput.
        chunks: content chunks.
        characters: characters of text, reasoning and tool arguments.
        prompt_characters: characters of the prompts whose tokens are in `input_tokens`.
        spent_usd: None without a price.
        warmup_usd: spent on an API before the window opened; a budget counts it.
        at_risk_usd: what an API may still bill, at the worst: for requests under way, and for those that ended
            without saying how many tokens they were; a budget counts it.
        max_rate_per_s, max_concurrency, budget_usd: this backend's own caps, as the plan says.
        good: requests that met every limit of the SLO; None without an SLO.
        good_tokens: their output tokens; likewise.
        histograms: by name of METRICS, those that are not empty.
        series: by name of JUDGED, the serial sums of ln(value in ns) in the order of answering; with an SLO, under
            GOOD, those of 1 for a request that met every limit and 0 for one that missed one or failed.
        vendor: the server's own timings of finished requests, by name of VENDOR_TIMINGS, those that are not empty;
            its clock and its definitions, never mixed with `histograms`.
        can_fix_length: whether it can be asked for an exact length (`WorkloadPlan.fixed_length`).
        finish_reasons: finished requests by finish reason.
        server: what its metrics say; None where nobody looks.
        power: None where nothing is known of its power.
    """

    name: str
    label: Label = "LIVE"
    url: str = ""
    model: str = ""
    served_model: str = ""
    hardware: str = ""
    engine: str = ""
    price: Price | None = None
    former_prices: tuple[FormerPrice, ...] = ()
    price_old: bool = False
    faults: tuple[Fault, ...] = ()
    stamp: Literal["kernel", "user", ""] = ""
    state: Literal["ok", "down"] = "ok"
    scheduled: int = 0
    finished: int = 0
    failed: int = 0
    in_flight: int = 0
    not_sent: int = 0
    unsent: dict[str, int] = {}
    held: bool = False
    held_back: int = 0
    pause: Pause | None = None
    limits: Allowances | None = None
    company: int = 0
    resent: int = 0
    errors: dict[str, int] = {}
    latest_ns: dict[str, int] = {}
    last_error: str = ""
    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    usage_requests: int = 0
    estimated_requests: int = 0
    disbelieved_requests: int = 0
    first_sent_ns: int | None = None
    active_ns: int = 0
    arriving_tokens: float = 0.0
    chunks: int = 0
    characters: int = 0
    prompt_characters: int = 0
    spent_usd: float | None = None
    warmup_usd: float = 0.0
    at_risk_usd: float = 0.0
    max_rate_per_s: float | None = None
    max_concurrency: int | None = None
    budget_usd: float | None = None
    good: int | None = None
    good_tokens: int | None = None
    histograms: dict[str, HistogramState] = {}
    series: dict[str, tuple[Serial, ...]] = {}
    vendor: dict[str, HistogramState] = {}
    can_fix_length: bool = True
    finish_reasons: dict[str, int] = {}
    timeline: Timeline = Timeline()
    server: ServerFrame | None = None
    power: PowerFrame | None = None

    @property
    def token_source(self) -> TokenSource:
        """Provenance of the token counts: `≈` as soon as one request's are estimated."""
        if self.estimated_requests:
            return "≈"
        return "usage" if self.usage_requests else ""


Answered = Literal["waiting", "writing", "done", "failed", "missed"]
"""How far an answer is; "waiting" for the prompt to be sent, "missed" when it was given before anybody listened."""


class AnswerFrame(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one backend's answer, as it was sent: not safe to draw.

    Attributes:
        text: its last characters (`following.TAIL`).
        reasoning: whether they are reasoning, for no answer has come yet.
        took_ns: from sending to the last of it; 0 while nothing has come, or where nobody knows.
    """

    backend: str
    text: str = ""
    reasoning: bool = False
    state: Answered = "waiting"
    took_ns: int = 0


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of all backends to one prompt, number `index` of the stream, of which `prompt` is the beginning."""

    index: int
    prompt: str
    answers: tuple[AnswerFrame, ...]


class MachineFrame(msgspec.Struct, frozen=True, kw_only=True):
    """Where a worker of a crew runs that may not be on this machine.

    Attributes:
        worker: its number, from 0.
        host: name of the machine, one safe word.
        clock_offset_ns: how far the clock of its stamps is ahead of the crew's; moments that cross allow for it.
        clock_error_ns: the most by which its run time may differ from the crew's: how exactly that offset is known,
            and what it has changed since the window opened.
    """

    worker: int
    host: str = ""
    clock_offset_ns: int = 0
    clock_error_ns: int = 0


class ClientFrame(msgspec.Struct, frozen=True, kw_only=True):
    """The instrument's own error (measurement.md, "The instrument's own error").

    Attributes:
        loop_lag: lateness of the engine's event loop.
        cpu_share: share of one core the worker used over the last second; of several workers, the busiest's, for
            it is the one whose stamps suffer.
        machines: where workers run, if it is a cluster; in the order of their numbers.
    """

    loop_lag: HistogramState = HistogramState()
    cpu_share: float = 0.0
    machines: tuple[MachineFrame, ...] = ()


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
        virtual: nothing was sent: the simulated fleet's schedulers ran in virtual time (`engine.virtual`).
        warmup_done: warm-up answers so far, over all backends.
        markers: oldest first, the last MOST_MARKERS.
        likenesses: of the answers, pair by pair, where prompts are answered at temperature 0.
        paired: every two backends on the prompts that both have answered.
        unpaired: values given up before every other backend had answered that prompt: some were too far behind.
        followed: the answers to one prompt, only while a watcher asks for them (`commands.Follow`).
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
    virtual: bool = False
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
    followed: Followed | None = None


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
