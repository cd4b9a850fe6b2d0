"""What a sweep does, and what came of each of its visits: all there is to know to go on with it."""

from math import isclose
from typing import Final
from zlib import crc32

import msgspec
from msgspec.structs import replace

from ..frame import BackendFrame, Serial
from ..plan import ArrivalsPlan, RunPlan
from .sweep import Axis, Target

NEVER: Final = 10**9
"""Requests after which a visit in virtual time, which needs an end, would end by itself."""


class SweepPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep.

    Attributes:
        plan: what is sent and to whom; its budget is that of all visits together. Its arrivals tell how the gaps of
            an axis of rates come about; how much is sent, and for how long, the sweep decides.
        axis: what a level is.
        low, high: least and highest level; whole numbers on an axis of concurrency.
        targets: what a level must hold; () looks for the knee alone.
        together: all backends under load at once, instead of one after the other.
        virtual: in virtual time; all backends are simulated.
        lengths_only: in virtual time, do not write the prompts' text.
        precision: a bracket is narrow enough when its ends differ by no more than this share, and so do tok/s there.
        longest_visit_s: no visit lasts longer; None has no limit.
        most_requests: stop before more are sent, all visits and backends together; None has no limit.
    """

    plan: RunPlan
    axis: Axis = "concurrency"
    low: float = 1
    high: float = 256
    targets: tuple[Target, ...] = ()
    together: bool = False
    virtual: bool = False
    lengths_only: bool = False
    precision: float = 0.03
    longest_visit_s: float | None = 120.0
    most_requests: int | None = None


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A level to be measured.

    Attributes:
        round: of the sweep, from 0; in each, every backend that is not finished is visited once.
        backend: its name.
        level: requests in flight, or a second.
        nth: how often this level of this backend was visited before.
        requests: answers to count; fewer do where fewer decide.
    """

    round: int
    backend: str
    level: float
    nth: int
    requests: int


class Begun(msgspec.Struct, frozen=True, kw_only=True, tag="begun"):
    """A visit begins; should nothing more be known of it, it may have spent `at_most_usd`."""

    visit: Visit
    at_most_usd: float = 0.0


class Visited(msgspec.Struct, frozen=True, kw_only=True, tag="visited"):
    """What came of a visit.

    Attributes:
        counted: within the measured window; of a visit that failed, since its start.
        pace: serial sums of tok/s over equal stretches of the window.
        requests: sent, within the window or not.
        spent_usd: by all of them, and what may still be billed, at the worst.
        elapsed_s: how long it took; virtual time in a simulation.
        cut: why it was ended early, in words; "" if it was not.
        over: whether that was because the backend was over-saturated.
        failed: whether the backend cannot be measured, for the reason that `cut` gives.
        broke: whether the budget ended it.
    """

    visit: Visit
    counted: BackendFrame
    pace: tuple[Serial, ...] = ()
    requests: int = 0
    spent_usd: float = 0.0
    elapsed_s: float = 0.0
    cut: str = ""
    over: bool = False
    failed: bool = False
    broke: bool = False


def run_plan(sweep: SweepPlan, visit: Visit, budget_usd: float | None) -> RunPlan:
    """The run that a visit is: to one backend, without an end of its own but the longest time.

    Its prompts follow from the sweep's seed, the level and how often it was visited, so that all backends get the
    same ones there, and none twice (a server would find them in its cache).
    """
    backend = next(each for each in sweep.plan.backends if each.name == visit.backend)
    arrivals = sweep.plan.arrivals
    if sweep.axis == "concurrency":
        arrivals = ArrivalsPlan(kind="closed", concurrency=round(visit.level))
    else:
        kind = "poisson" if arrivals.kind in {"closed", "ramp"} else arrivals.kind
        arrivals = replace(arrivals, kind=kind, rate_per_s=visit.level)
    return replace(
        sweep.plan,
        backends=(replace(backend, budget_usd=None),),  # of which `budget_usd` takes care
        arrivals=arrivals,
        seed=crc32(f"{sweep.plan.seed} {visit.level:.9g} {visit.nth}".encode()),
        requests=NEVER if sweep.virtual else None,
        duration_s=sweep.longest_visit_s,
        warmup=0,  # the window opens once the backend is under its load, which warms it up
        budget_usd=budget_usd,
        workers=min(sweep.plan.workers, round(visit.level)) if sweep.axis == "concurrency" else sweep.plan.workers,
    )


def same_level(a: float, b: float) -> bool:
    """Whether two levels are one, apart from rounding."""
    return isclose(a, b, rel_tol=1e-9)
