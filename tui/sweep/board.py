"""A sweep as it is drawn: every figure worked out, every text safe."""

from dataclasses import dataclass
from typing import Literal

from ...engine.frame import Label

Mark = Literal["", "knee", "best", "knee best"]
Holds = Literal["holds", "misses", "holds?", "misses?", ""]
"""Whether a level keeps every target, with a `?` the best guess where the answers do not decide; "" without any."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with what is known of its error.

    Attributes:
        low, high: its interval; None where there is none.
        weak: of too few samples to be leaned on.
    """

    value: float
    low: float | None = None
    high: float | None = None
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """One backend at one level; a figure that is not known is None.

    Attributes:
        answers: complete ones.
        tok_s: output tokens a second; per_user: of one stream; per_chip: of one chip.
        latency_ms: the quantile that `SweepBoard.latency` names.
        tpot_ms: the same quantile of time per output token.
        goodput: requests a second that kept every limit of the profile's SLO.
        failed: requests that did not get a complete answer.
        efficient: whether no other point of any backend is better in per_user, per_chip and usd_per_m.
        cut: why it was ended early; "" if it was not.
    """

    level: float
    answers: int
    requests_per_s: Figure | None
    tok_s: Figure | None
    per_user: Figure | None
    per_chip: Figure | None
    latency_ms: Figure | None
    tpot_ms: Figure | None
    usd_per_m: Figure | None
    j_per_token: Figure | None
    goodput: Figure | None
    failed: int
    holds: Holds
    efficient: bool = False
    mark: Mark = ""
    cut: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One backend.

    Attributes:
        series: its number: colour, marker and key.
        knee: level from which more load brings little; None while not found.
        pick: the stop that says most: the best that holds the targets, without targets the one at the knee; None
            while there is none.
        bracket: levels between which the best load lies, in words.
        now: level under load at this moment.
        done: why it is finished; "" while it is not.
        failed: whether that is because it could not be measured.
        power: where its J/token come from: "NVML", "modelled"; "" where nothing is known of its power.
    """

    series: int
    name: str
    label: Label
    stops: tuple[Stop, ...]
    knee: float | None
    pick: Stop | None
    bracket: str
    now: float | None
    done: str
    failed: bool
    power: str


@dataclass(frozen=True, slots=True)
class SweepBoard:
    """The whole.

    Attributes:
        unit: what a level is: "in flight" or "requests/s".
        span: the least and the highest level that may be visited: "1–256 in flight".
        latency: the quantile on the latency axis: "p95 TTFT".
        limit_ms: of that one; None without a target for it.
        targets: all of them in words; "" without.
        state: "running", "done" or "stopped"; `why` says of what.
        virtual: the simulated fleet in virtual time.
        eta_s: time left; None while nobody knows.
    """

    title: str
    workload: str
    axis: Literal["concurrency", "rate"]
    unit: str
    span: str
    latency: str
    limit_ms: float | None
    targets: str
    state: Literal["running", "done", "stopped"]
    why: str
    virtual: bool
    together: bool
    requests_done: int
    requests_expected: int
    spent_usd: float
    budget_usd: float | None
    eta_s: float | None
    runs: tuple[Run, ...]
