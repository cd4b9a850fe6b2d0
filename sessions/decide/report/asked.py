"""What was asked, told back."""

from collections.abc import Iterator

from ....backends.printable import printable
from ....engine.sweep.estimate import Estimate
from ....profiles.demand import Constraints, Demand, DemandClass
from .blocks import Points, Section, Table
from .forms import count, listed, name, part, within


def asked(demand: Demand) -> Section:
    """The demand in words."""
    rows = tuple(
        (
            name(each.name),
            _prompts(each),
            f"{within(each.requests_per_day, count)} a day",
            _day(each),
            limits(each),
            _freedom(each),
        )
        for each in demand.classes
    )
    head = ("class", "prompts", "requests", "over a day", "limits", "else")
    constraints = tuple(constraints_in_words(demand.constraints)) or ("none",)
    options = tuple(option_in_words(demand, at) for at in range(len(demand.options)))
    blocks = (Table(head, rows, words=len(head)), Points(constraints, "Constraints"), Points(options, "Options"))
    return Section("What was asked", blocks, printable(demand.description, 400))


def limits(of: DemandClass) -> str:
    """As "p95 TTFT 500 ms, TPOT 50 ms", or "none"."""
    known = {"TTFT": of.ttft_ms, "TPOT": of.tpot_ms, "E2E": of.e2e_ms}
    said = ", ".join(f"{metric} {limit:g} ms" for metric, limit in known.items() if limit is not None)
    return f"p{of.quantile * 100:g} {said}" if said else "none"


def _prompts(of: DemandClass) -> str:
    varied = f", lengths vary by cv {of.prompt_cv:g}" if of.prompt_cv is not None else ""
    capped = f", at most {of.max_tokens} tokens out" if of.max_tokens is not None else ""
    return f"{name(of.workload)}{varied}{capped}"


def _day(of: DemandClass) -> str:
    shape = "hour by hour" if of.hourly else of.shape
    weekend = "" if of.weekend == 1 else f", weekends {part(of.weekend)}"
    peak = (
        ""
        if of.peak_factor == Estimate.exactly(1.0)
        else f", busiest minutes ×{within(of.peak_factor, '{:g}'.format)}"
    )
    return f"{shape}{weekend}{peak}"


def _freedom(of: DemandClass) -> str:
    said = []
    if of.deferrable:
        said.append("may wait")
    if of.models:
        said.append(f"only {' or '.join(map(name, of.models))}")
    if of.regions:
        said.append("from " + listed(f"{name(region)} {part(share)}" for region, share in of.places.items()))
    return "; ".join(said) or "any model"


def constraints_in_words(of: Constraints) -> Iterator[str]:
    """One line for each that asks for something."""
    serve = {"near": "served in the region a request comes from", "in region": "always served in its own region"}
    lock_in = {
        "second source": "only models that another vendor serves too",
        "open weights": "only models whose weights are published",
    }
    said = {
        "all classes go the same way": not of.split_by_class,
        "a class is not divided among options": not of.divide_classes,
        f"only these vendors: {listed(map(name, of.vendors_allowed))}": of.vendors_allowed,
        f"none of these vendors: {listed(map(name, of.vendors_denied))}": of.vendors_denied,
        f"at least {of.least_vendors} vendors": of.least_vendors > 1,
        f"at most {_several(of.most_vendors or 0, 'vendor')}": of.most_vendors is not None,
        lock_in.get(of.lock_in, ""): of.lock_in != "any",
        f"data stays in {listed(map(name, of.regions))}": of.regions,
        serve.get(of.serve, ""): of.serve != "anywhere",
        f"available {(of.availability or 0) * 100:g} % of the time": of.availability is not None,
        f"survives the loss of any one {of.survive_loss_of}": of.survive_loss_of != "nothing",
        f"{_several(of.spare_replicas, 'spare replica')} at each place": of.spare_replicas,
        f"at most ${of.most_usd_per_month or 0:,.0f} a month": of.most_usd_per_month is not None,
    }
    yield from (words for words, asked_for in said.items() if asked_for)


def _several(count_of: int, thing: str) -> str:
    return f"{count_of} {thing}{'' if count_of == 1 else 's'}"


def option_in_words(demand: Demand, at: int) -> str:
    """One option and what is particular to it."""
    of = demand.options[at]
    said = [f"sim:{name(of.sim)}" if of.sim else name(of.hardware)]
    if of.vendor:
        said.append(f"vendor {name(of.vendor)}")
    if of.regions:
        said.append(f"in {listed(map(name, of.regions))}")
    if of.billing:
        said.append(f"paid {of.billing}")
    if of.least_replicas != 1:
        said.append(f"at least {of.least_replicas} replicas")
    if of.most_replicas is not None:
        said.append(f"at most {of.most_replicas} replicas")
    if of.most_requests_per_s is not None:
        said.append(f"at most {of.most_requests_per_s:g} requests a second")
    if of.availability is not None:
        said.append(f"available {of.availability * 100:g} %")
    return f"{name(of.name)}: {', '.join(filter(None, said)) or 'as measured'}"
