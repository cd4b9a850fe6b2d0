"""The answer to a demand, complete with what it rests on: a document that can be saved, read and re-priced.

Money is USD, a month a twelfth of a year. Every figure that rests on uncertain ones is an Estimate: what came out,
and what it lies between 19 times in 20 if the inputs do.
"""

from typing import Final, Literal

import msgspec

from ... import __version__
from ...engine.cost import Price
from ...engine.sweep.estimate import Estimate
from ...profiles.demand import Demand
from .capacity import Capacity

SCHEMA: Final = "infertop.decision/1"
"""Name and version; the version rises when a field changes its meaning or goes away."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One thing known about depending on an option, or known not to be known."""

    what: Literal["who else sells it", "which APIs", "which models", "who makes it", "terms"]
    words: str
    source: str
    known: bool = True


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an option beside its speed: everything that `decide` would else have to look up.

    Attributes:
        option: by name.
        price: of one replica or of tokens; carries its date and source.
        vendor: on whom one depends.
        model: what it serves, by its plain name.
        sellers: vendors that sell the model or the hardware and model too; () where none is known.
        open_weights: whether the model's weights are published; None where not known.
        facts: of lock-in.
    """

    option: str
    price: Price
    vendor: str
    model: str = ""
    sellers: tuple[str, ...] = ()
    open_weights: bool | None = None
    facts: tuple[Fact, ...] = ()


class PriceUsed(msgspec.Struct, frozen=True, kw_only=True):
    """A price as it went into the answer.

    Attributes:
        option: whose.
        price: of one replica or of tokens; carries its date and source.
        words: the price in words, with both.
        age_days: None where it has no date.
        old: whether it must be checked anew.
    """

    option: str
    price: Price
    words: str
    age_days: int | None = None
    old: bool = False


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What a month of some traffic at one option comes to.

    Attributes:
        usd_per_month: all in: idle hours, least and spare replicas, energy where it is apart.
        usd_per_m_output, usd_per_m_total: that over output tokens, and over input and output tokens, in millions.
        usd_per_m_output_full: what output tokens would cost if every replica paid for were busy to its limit; the
            distance to `usd_per_m_output` is what idle hours and rounding cost. None for an API.
        replicas_peak, replicas_mean: paid for at the dearest hour, and over all hours; 0 for an API.
        chips_peak: likewise.
        utilisation: of the replica-hours paid for, the share that is needed; None for an API.
        idle_usd_per_month: what the rest costs; 0 for an API.
        energy_usd_per_month: of `usd_per_month`, where energy is paid apart by the load; None where it is not.
        memory_bought_gb, memory_needed_gb: of the replicas at the peak; None where not known.
    """

    usd_per_month: Estimate
    usd_per_m_output: Estimate
    usd_per_m_total: Estimate
    usd_per_m_output_full: float | None = None
    replicas_peak: int = 0
    replicas_mean: float = 0.0
    chips_peak: int = 0
    utilisation: float | None = None
    idle_usd_per_month: float = 0.0
    energy_usd_per_month: float | None = None
    memory_bought_gb: float | None = None
    memory_needed_gb: float | None = None


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """An option if it alone served one class.

    Attributes:
        rank: 1 is the cheapest; None where it is excluded.
        usage: None where excluded.
        wins: in which share of the draws it is the cheapest of the class.
        reasons: why it stands where it stands, one line each.
        excluded_because: every reason why it cannot, one line each; () where it can.
    """

    option: str
    vendor: str
    rank: int | None = None
    usage: Usage | None = None
    wins: float = 0.0
    reasons: tuple[str, ...] = ()
    excluded_because: tuple[str, ...] = ()


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """All options for one class, the cheapest first, those excluded last.

    Attributes:
        verdict: "clear" when the first is the cheapest in at least 95 % of the draws, "too close to call" when not,
            "none" when no option will do.
        why: in words.
    """

    class_name: str
    options: tuple[Ranked, ...]
    verdict: Literal["clear", "too close to call", "none"]
    why: str


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What part of a class's requests goes where; shares of a class sum to 1 over all places."""

    class_name: str
    option: str
    share: float


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """An option in use at one place.

    Attributes:
        region: "" where place does not matter.
        shares: by class, of the class's requests.
        usage: of it all; its Estimates are points.
        replicas_by_hour: paid for in each hour of a weekday, 24 numbers; () for an API.
        stands_by: whether it gets traffic only when something else is lost.
    """

    option: str
    vendor: str
    region: str = ""
    shares: dict[str, float]
    usage: Usage
    replicas_by_hour: tuple[int, ...] = ()
    stands_by: bool = False


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """A way to serve the whole demand.

    Attributes:
        shares: what goes where.
        sites: what runs where, and what it costs.
        vendors: that it depends on.
        usd_per_month: all in.
        usd_per_m_output: of all classes together.
        gap: how much cheaper, as a share, the solver cannot rule out an answer to be.
        binding: which constraints cost money, in words with the amount.
        conditions: what it does not keep of what was asked ("one vendor cannot survive the loss of a vendor").
        chips: at the peak.
    """

    shares: tuple[Share, ...]
    sites: tuple[Site, ...]
    vendors: tuple[str, ...]
    usd_per_month: Estimate
    usd_per_m_output: Estimate
    gap: float = 0.0
    binding: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    chips: int = 0


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a class is served at the worst hour by what is left, without buying anything; an API takes all."""

    class_name: str
    share: float


class LossOf(msgspec.Struct, frozen=True, kw_only=True):
    """What happens when an option or vendor in use is lost.

    Attributes:
        kind, name: what is lost.
        served: at once, by class.
        replanned_usd_per_month: the cheapest answer without it, all constraints kept; None where there is none.
        extra_usd_per_month: over the answer with it; likewise.
        impossible_because: which constraints then bind, in words.
    """

    kind: Literal["option", "vendor", "region"]
    name: str
    served: tuple[Served, ...]
    replanned_usd_per_month: float | None = None
    extra_usd_per_month: float | None = None
    impossible_because: tuple[str, ...] = ()


class LockIn(msgspec.Struct, frozen=True, kw_only=True):
    """What depending on an option means, as facts without a judgement."""

    option: str
    vendor: str
    facts: tuple[Fact, ...]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One option over a changed input: (x, y) with y None where it cannot serve there."""

    option: str
    points: tuple[tuple[float, float | None], ...]


class Crossing(msgspec.Struct, frozen=True, kw_only=True):
    """Where the cheapest changes: below `at` it is `below`, above it is `above`; "" is none that can serve."""

    at: float
    below: str
    above: str


class Sensitivity(msgspec.Struct, frozen=True, kw_only=True):
    """How the answer for one class depends on one input.

    Attributes:
        what: the input.
        of: whose: an option's name for a price, "" for the class's own.
        unit: of x, in words.
        y_unit: of y, in words.
        now: the present x.
        lines: one an option, over the same xs in ascending order.
        crossings: in ascending order.
        words: what it says, one sentence.
    """

    what: Literal["volume", "price", "latency limit", "utilisation"]
    class_name: str
    of: str = ""
    unit: str
    y_unit: str
    now: float
    lines: tuple[Line, ...]
    crossings: tuple[Crossing, ...]
    words: str


class Rival(msgspec.Struct, frozen=True, kw_only=True):
    """Another way to serve the demand that uses other options, and how it compares on the same draws.

    Attributes:
        words: what it is ("everything at H200").
        usd_per_month: likewise.
        loses: in which share of the draws it costs more than the answer.
    """

    words: str
    usd_per_month: Estimate
    loses: float


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """How sure the answer is.

    Attributes:
        verdict: "clear" when it is cheaper than each rival in at least 95 % of the draws.
        why: in words.
        draws: how many.
        rivals: the nearest first.
    """

    verdict: Literal["clear", "too close to call", "only one", "none"]
    why: str
    draws: int
    rivals: tuple[Rival, ...] = ()


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """A constraint that stands in the way.

    Attributes:
        words: which, with its value.
        alone: whether the demand can be met when only this one is dropped.
        then_usd_per_month: what it would cost then; None where `alone` is false.
    """

    words: str
    alone: bool
    then_usd_per_month: float | None = None


class Infeasible(msgspec.Struct, frozen=True, kw_only=True):
    """Why nothing serves the demand.

    Attributes:
        words: the answer in a sentence.
        binding: constraints that would each do alone, the cheapest to give up first; or else those that have to be
            given up together (`Binding.alone` is false); () where no constraint is to blame.
    """

    words: str
    binding: tuple[Binding, ...]


class RegionPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What to have in one region of one option.

    Attributes:
        region: "" where there is one place only.
        requests_per_s: at the peak, of each class.
        replicas: at the peak, all included.
        needed: of them, what the load needs.
        headroom: of them, for the loss of something or as spares.
        chips: of all replicas.
        load: share of what the replicas can serve within the limits that the peak takes.
        predicted: the limited latencies at the peak in ms at the class's quantile, by class and metric
            ("chat p95 TTFT"); only what was measured or simulated.
        wait_ms: mean wait for a free place in a batch at the peak, were all replicas one queue; None where not known.
    """

    region: str
    option: str
    vendor: str
    requests_per_s: dict[str, float]
    replicas: int
    needed: int
    headroom: int
    chips: int
    usd_per_month: float
    load: float
    predicted: dict[str, float] = {}
    wait_ms: float | None = None


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A plan's peak hour simulated in virtual time.

    Attributes:
        region, option, class_name: what was simulated.
        replicas, requests_per_s: as simulated.
        scale: that over the planned; 1 is the plan itself.
        predicted, simulated: share of requests that keep all limits.
        latencies: in ms at the class's quantile, by metric: (limit, simulated).
        requests: simulated.
        holds: whether the limits held.
        words: what was done and found, with the scaling.
    """

    region: str
    option: str
    class_name: str
    replicas: int
    requests_per_s: float
    scale: float
    predicted: float
    simulated: float
    latencies: dict[str, tuple[float, float]]
    requests: int
    holds: bool
    words: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to have where.

    Attributes:
        regions: by region, then option.
        chips: of all.
        usd_per_month: of all.
        requests_per_s: at the peak, of all classes.
        method: how replicas were counted, one line each.
        checks: () until `plan.checked`.
    """

    regions: tuple[RegionPlan, ...]
    chips: int
    usd_per_month: float
    requests_per_s: float
    method: tuple[str, ...]
    checks: tuple[Check, ...] = ()


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer.

    Attributes:
        demand: what was asked.
        today: when, YYYY-MM-DD: ages of prices count to it.
        offers, prices, capacities: what went in; `prices` is `offers`' prices in words, with their age.
        rankings: one a class.
        split: the cheapest way to serve everything; None where there is none.
        single: the cheapest with one vendor; None where there is none. It may not keep what one vendor cannot.
        resilience: one for each option and vendor in use, and each region where that matters.
        lock_in: one an option.
        sensitivities: what would change the answer.
        verdict: how sure the answer is.
        infeasible: why there is none; None where there is one.
        plan: None where there is none.
        assumptions: the method, one line each.
    """

    schema: str = SCHEMA
    infertop: str = __version__
    demand: Demand
    today: str
    offers: tuple[Offer, ...]
    prices: tuple[PriceUsed, ...]
    capacities: tuple[Capacity, ...]
    rankings: tuple[Ranking, ...]
    split: Split | None
    single: Split | None
    resilience: tuple[LossOf, ...]
    lock_in: tuple[LockIn, ...]
    sensitivities: tuple[Sensitivity, ...]
    verdict: Verdict
    infeasible: Infeasible | None
    plan: Plan | None
    assumptions: tuple[str, ...]
