"""The constraints of a demand by key, each in words: what is given up to see what it costs, or whether it binds."""

from collections.abc import Iterator

from ...backends.printable import printable
from ...profiles.demand import Demand
from ..figures import share, usd
from .limits import in_words, limits

_LOCK_IN = {
    "second source": "only models that someone else sells too",
    "open weights": "only models with published weights",
}
_SERVE = {
    "near": "requests are served in the region they come from",
    "in region": "data stays in the region it comes from",
}


def asked(demand: Demand) -> dict[str, str]:
    """Words by key, of every constraint that `demand` makes; the keys are those of `Instance.dropped`."""
    return dict((*_of_classes(demand), *_of_all(demand), *_of_options(demand)))


def _of_classes(demand: Demand) -> Iterator[tuple[str, str]]:
    for each in demand.classes:
        name = printable(each.name, 40)
        if limits(each):
            yield f"limits:{each.name}", f"{name}: {in_words(each)}"
        if each.models:
            yield f"models:{each.name}", f"{name}: only {' or '.join(printable(model, 60) for model in each.models)}"


def _of_all(demand: Demand) -> Iterator[tuple[str, str]]:
    of = demand.constraints
    if not of.split_by_class:
        yield "split_by_class", "traffic cannot be split by class"
    if not of.divide_classes:
        yield "divide_classes", "a class cannot be divided among options"
    if of.vendors_allowed or of.vendors_denied:
        allowed = f"only {_listed(of.vendors_allowed)}" if of.vendors_allowed else ""
        denied = f"not {_listed(of.vendors_denied)}" if of.vendors_denied else ""
        yield "vendors", f"vendors: {', '.join(part for part in (allowed, denied) if part)}"
    if of.least_vendors > 1:
        yield "least_vendors", f"at least {of.least_vendors} vendors"
    if of.most_vendors is not None:
        yield "most_vendors", f"at most {of.most_vendors} vendor{'s' if of.most_vendors != 1 else ''}"
    if of.lock_in in _LOCK_IN:
        yield "lock_in", _LOCK_IN[of.lock_in]
    if of.regions:
        yield "regions", f"data is worked on only in {_listed(of.regions)}"
    if of.serve in _SERVE:
        yield "serve", _SERVE[of.serve]
    if of.availability is not None:
        yield "availability", f"available {share(of.availability)} of the time"
    if of.survive_loss_of != "nothing":
        yield "survive", f"survives the loss of any one {of.survive_loss_of}"
    if of.spare_replicas:
        yield "spare", f"{of.spare_replicas} spare replica{'s' if of.spare_replicas != 1 else ''} at each place"
    if of.most_usd_per_month is not None:
        yield "most_usd", f"at most {usd(of.most_usd_per_month)} a month"


def _of_options(demand: Demand) -> Iterator[tuple[str, str]]:
    for option in demand.options:
        name = printable(option.name, 40)
        if option.most_replicas is not None:
            yield f"most_replicas:{option.name}", f"at most {option.most_replicas} replicas of {name}"
        if option.most_requests_per_s is not None:
            yield f"rate:{option.name}", f"{name} takes at most {option.most_requests_per_s:g} requests/s"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(printable(name, 40) for name in names)
