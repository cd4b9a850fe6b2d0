"""A sweep as it stands: what was asked, and every backend's curve so far.

Each document is whole, as frames are: the newest one is all there is to know.
"""

from typing import Final, Literal

import msgspec

from ..commands import StopReason
from ..frame import BackendFrame, Serial
from ..plan import BackendPlan, RunPlan

SCHEMA: Final = "infertop.sweep/1"

Axis = Literal["concurrency", "rate"]
"""What a level is: requests in flight (the batch a server can make), or requests a second."""

State = Literal["running", "done", "stopped"]


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A limit that a level must hold.

    Attributes:
        metric: of `frame.METRICS`; "ttft_sched" and "e2e_sched", which count from the scheduled time.
        quantile: the share of requests that must be within the limit, 0 to 1.
        limit_ms: the limit.
    """

    metric: str
    quantile: float = 0.95
    limit_ms: float

    @property
    def name(self) -> str:
        """As it is typed: "p95_ttft"."""
        return f"p{self.quantile * 100:g}_{self.metric.removesuffix('_sched')}"

    def __str__(self) -> str:
        return f"{self.name}<{self.limit_ms:g}ms"


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One backend at one level: all its visits together.

    Attributes:
        level: requests in flight, or a second.
        counted: what the engine counted in the measured windows, laid end to end: no ramp, no drain. Its
            `active_ns` is their length.
        visits: how often it was visited.
        requests: all that were sent, also those outside the windows.
        spent_usd: what all of them cost, and may still be billed, at the worst; nothing in virtual time.
        elapsed_s: time it took, outside the windows too; virtual time in a simulation.
        pace: serial sums of tok/s over equal stretches of the windows (`engine.serial`).
        cut: why a visit was ended early, in words ("over-saturated: …"); "" if none was.
    """

    level: float
    counted: BackendFrame
    visits: int = 1
    requests: int = 0
    spent_usd: float = 0.0
    elapsed_s: float = 0.0
    pace: tuple[Serial, ...] = ()
    cut: str = ""


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """One backend.

    Attributes:
        points: by level, ascending.
        done: why it is finished, in words; "" while it is not.
        failed: whether that is because it could not be measured.
        now: the level under load at the moment; None between visits.
    """

    backend: BackendPlan
    points: tuple[Point, ...] = ()
    done: str = ""
    failed: bool = False
    now: float | None = None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is.

    Attributes:
        requests_done: sent so far, by all backends.
        requests_expected: of the whole sweep, as it looks now.
        spent_usd: so far, and what may still be billed, at the worst; what a budget counts.
        eta_s: time left, as it looks now; None while nothing can be said.
    """

    requests_done: int = 0
    requests_expected: int = 0
    spent_usd: float = 0.0
    eta_s: float | None = None


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """The whole document.

    Attributes:
        infertop: version that made it.
        plan: the run that every visit is a piece of; its arrivals say nothing but their kind.
        low, high: least and highest level that may be visited.
        targets: what a level must hold; () looks for the knee alone.
        together: whether all backends were under load at once.
        curves: in the order of the plan's backends.
        virtual: nothing was sent: the simulated fleet ran in virtual time.
        why: why it was stopped, in words; "" while it runs and where it came to its end.
        stopped_by: likewise, as of a run.
    """

    schema: str = SCHEMA
    title: str = ""
    infertop: str = ""
    started_utc: str = ""
    plan: RunPlan
    axis: Axis = "concurrency"
    low: float = 1
    high: float = 256
    targets: tuple[Target, ...] = ()
    together: bool = False
    curves: tuple[Curve, ...] = ()
    virtual: bool = False
    state: State = "running"
    why: str = ""
    stopped_by: StopReason = ""
    progress: Progress = Progress()
