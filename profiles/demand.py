"""What a person asks of a decision: how much traffic of which kind, under which constraints, from which options.

A demand is a TOML file like a profile; keys carry their units. A figure that is not known for sure is written
`{ value = 5, low = 4, high = 7 }`, the ends being what it lies between 19 times in 20; a plain number is taken for
certain.
"""

from typing import Literal

import msgspec

from ..engine.cost import ApiPrice, OwnedPrice, RentedPrice
from ..engine.plan import SloPlan
from ..engine.sweep.estimate import Estimate
from .schema import BackendEntry, BookPrice

HOURS = 24

DAYS_A_MONTH = 8760 / 12 / 24
"""A month is a twelfth of a year of 8,760 hours."""

SHAPES: dict[str, tuple[float, ...]] = {
    "flat": (1.0,) * HOURS,
    "office": (1, 1, 1, 1, 1, 2, 3, 5, 8, 10, 10, 9, 8, 9, 10, 10, 9, 7, 5, 4, 3, 2, 2, 1),
    "evening": (4, 2, 1, 1, 1, 1, 2, 3, 4, 5, 5, 6, 6, 6, 6, 6, 7, 8, 9, 10, 10, 10, 8, 6),
    "night": (8, 10, 10, 10, 10, 8, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 6),
}
"""Relative volume of the hours 0–23 (UTC). Assumed, not measured: give `hourly` where the real ones are known."""

Shape = Literal["flat", "office", "evening", "night"]
Serve = Literal["anywhere", "near", "in region"]
Loss = Literal["nothing", "option", "vendor", "region"]
LockIn = Literal["any", "second source", "open weights"]
Billing = Literal["", "hourly", "reserved"]


class DemandClass(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One class of traffic.

    Attributes:
        name: unique in a demand.
        workload: a built-in workload's name, or a file of prompts.
        max_tokens: cap on output tokens; None takes the workload's own lengths.
        prompt_cv: coefficient of variation of the prompts' lengths, in place of the workload's own; None keeps that.
        requests_per_day: on a weekday.
        shape: how a day's requests are spread over its hours, UTC.
        hourly: 24 relative volumes instead; () takes `shape`.
        weekend: a weekend day's requests, as a share of a weekday's.
        peak_factor: the busiest minutes of an hour over the hour's mean, beyond what chance arrivals bring.
        deferrable: the requests may wait: within the hours of the shape that are not 0, weekdays' on weekdays,
            they are spread as is cheapest.
        regions: where the requests come from, with their shares; none given is one place.
        ttft_ms, tpot_ms, e2e_ms: limits; None has none.
        quantile: the share of requests that keeps each limit.
        models: that will do, the preferred one first; () is any.
    """

    name: str
    workload: str = "chat"
    max_tokens: int | None = None
    prompt_cv: float | None = None
    requests_per_day: Estimate
    shape: Shape = "flat"
    hourly: tuple[float, ...] = ()
    weekend: float = 1.0
    peak_factor: Estimate = Estimate.exactly(1.0)
    deferrable: bool = False
    regions: dict[str, float] = {}
    ttft_ms: float | None = None
    tpot_ms: float | None = None
    e2e_ms: float | None = None
    quantile: float = 0.95
    models: tuple[str, ...] = ()

    @property
    def weights(self) -> tuple[float, ...]:
        """The share of a day's requests in each hour; sums to 1."""
        given = self.hourly or SHAPES[self.shape]
        whole = sum(given)
        return tuple(weight / whole for weight in given)

    @property
    def places(self) -> dict[str, float]:
        """The share of the requests from each region, summing to 1; one nameless region where none is given."""
        whole = sum(self.regions.values())
        return {name: share / whole for name, share in self.regions.items()} if self.regions else {"": 1.0}

    @property
    def slo(self) -> SloPlan:
        """The limits, for an engine."""
        return SloPlan(ttft_ms=self.ttft_ms, tpot_ms=self.tpot_ms, e2e_ms=self.e2e_ms)

    @property
    def days_a_month(self) -> float:
        """A month's requests over a weekday's."""
        return DAYS_A_MONTH * (5 + 2 * self.weekend) / 7


class Constraints(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What any answer must keep to.

    Attributes:
        split_by_class: classes may go to different options; if not, each option gets the same share of every class.
        divide_classes: one class may be divided among several options.
        vendors_allowed, vendors_denied: whom one may, or may not, depend on (`Option.vendor`); () allows all.
        least_vendors, most_vendors: how many, among those that get traffic or stand by.
        lock_in: "second source" takes only models that another vendor of the price book or the demand serves too,
            "open weights" only models whose weights are published.
        regions: where data may be worked on; () is anywhere.
        serve: "anywhere"; "near": in the region a request comes from, unless that is lost; "in region": always there,
            by an option that says it is there (data residency).
        availability: the least share of the time in which every class is served, outages of options being independent
            of each other; None asks nothing.
        survive_loss_of: what may be lost at the peak with all traffic still served within the limits.
        spare_replicas: beyond what the load needs, at each place that has any (N + k).
        most_usd_per_month: None has no limit.
    """

    split_by_class: bool = True
    divide_classes: bool = True
    vendors_allowed: tuple[str, ...] = ()
    vendors_denied: tuple[str, ...] = ()
    least_vendors: int = 1
    most_vendors: int | None = None
    lock_in: LockIn = "any"
    regions: tuple[str, ...] = ()
    serve: Serve = "anywhere"
    availability: float | None = None
    survive_loss_of: Loss = "nothing"
    spare_replicas: int = 0
    most_usd_per_month: float | None = None


class Option(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One way to serve requests: a replica of a stack at a price, as often as needed, or an API.

    Attributes:
        name: unique in a demand; a sweep's or session's backend of this name gives its figures.
        sim: a stack of the simulated fleet, which is simulated where nothing was measured.
        model: what is served; "" is the stack's own.
        hardware: in words; "" is the stack's own.
        price: of one replica; a price of the book or of rented chips counts the chips of one replica.
        price_factor: what will really be paid, over that price: a discount, or doubt.
        vendor: on whom one depends; "" is the seller the price names, else whoever makes the hardware.
        regions: where it is; () says nothing of that.
        billing: "hourly": paid only for the hours in which a replica runs, "reserved": always; "" is hourly for
            rented chips, reserved for owned ones. Meaningless for an API.
        least_replicas: that always run where the option is used; 0 lets it go to nothing.
        most_replicas: at all places together; None has no limit.
        most_requests_per_s: an API's limit; None knows of none.
        availability: share of the time in which it serves; None says nothing of that.
        requests_per_s: a replica's most within the limits, by class, where a person states it; it stands in place of
            anything measured.
    """

    name: str
    sim: str = ""
    model: str = ""
    hardware: str = ""
    price: ApiPrice | RentedPrice | OwnedPrice | BookPrice
    price_factor: Estimate = Estimate.exactly(1.0)
    vendor: str = ""
    regions: tuple[str, ...] = ()
    billing: Billing = ""
    least_replicas: int = 1
    most_replicas: int | None = None
    most_requests_per_s: float | None = None
    availability: float | None = None
    requests_per_s: dict[str, Estimate] = {}

    @property
    def backend(self) -> BackendEntry:
        """The option as a profile's backend; without `sim` it has no URL and serves only to name its stack."""
        return BackendEntry(name=self.name, sim=self.sim, model=self.model, hardware=self.hardware, price=self.price)


class Demand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole demand.

    Attributes:
        title: of the report; the file's name if left out.
        description: one line for lists.
        seed: of the simulations, and of the draws that tell how sure the answer is.
    """

    title: str = ""
    description: str = ""
    classes: tuple[DemandClass, ...] = ()
    constraints: Constraints = Constraints()
    options: tuple[Option, ...] = ()
    seed: int = 1
