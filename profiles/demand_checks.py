"""Does a demand make sense? It has the right shape already; this looks at what its values say together."""

from collections.abc import Iterable, Iterator
from math import inf, isfinite

from ..backends.printable import printable
from ..engine.cost import ApiPrice
from ..engine.plan import WorkloadPlan
from ..engine.sweep.estimate import Estimate
from .checks import price_problems, workload_problems
from .demand import HOURS, Constraints, Demand, DemandClass, Option
from .problems import Problem, suggestion
from .schema import BookPrice, model_of
from .what_if import stack_of, stack_problems


def demand_problems(demand: Demand) -> Iterator[Problem]:
    """Everything that makes no sense in `demand`."""
    if not demand.classes:
        yield Problem("classes", "there are none; add a [[classes]] table with a name and requests_per_day")
    if not demand.options:
        yield Problem("options", "there are none; add an [[options]] table with a name and a price")
    yield from _unique("classes", [each.name for each in demand.classes])
    yield from _unique("options", [each.name for each in demand.options])
    for position, of in enumerate(demand.classes):
        yield from _class(of, f"classes[{position}]")
    for position, option in enumerate(demand.options):
        yield from _option(option, f"options[{position}]", demand)
    yield from _constraints(demand)


def _unique(where: str, names: Iterable[str]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for position, name in enumerate(names):
        if not name.strip() or not name.isprintable():
            yield Problem(f"{where}[{position}].name", "must be a word or a few, without control characters")
        elif name in seen:
            yield Problem(
                f"{where}[{position}].name", f'"{printable(name, 60)}" is the name of {where}[{seen[name]}] too'
            )
        seen.setdefault(name, position)


def _class(of: DemandClass, where: str) -> Iterator[Problem]:
    for problem in workload_problems(
        WorkloadPlan(source=of.workload, max_tokens=of.max_tokens, prompt_cv=of.prompt_cv)
    ):
        key = problem.where.removeprefix("workload.")
        yield Problem(f"{where}.{'workload' if key == 'source' else key}", problem.what)
    yield from _amount(of.requests_per_day, f"{where}.requests_per_day", least=0.0)
    yield from _amount(of.peak_factor, f"{where}.peak_factor", least=1.0, included=True)
    if of.hourly and len(of.hourly) != HOURS:
        yield Problem(f"{where}.hourly", f"must have {HOURS} numbers, one an hour, and has {len(of.hourly)}")
    if of.hourly and (min(of.hourly) < 0 or not 0 < sum(of.hourly) < inf):
        yield Problem(f"{where}.hourly", "must hold relative volumes from 0 up, not all of them 0")
    if not 0 <= of.weekend < inf:
        yield Problem(f"{where}.weekend", "is a share of a weekday's requests, from 0 up (0.3)")
    for region, share in of.regions.items():
        if not region.strip() or not region.isprintable():
            yield Problem(f"{where}.regions", "a region's name must be a word, without control characters")
        if not 0 < share < inf:
            yield Problem(f"{where}.regions.{printable(region, 40)}", "is a share: above 0")
    for name in ("ttft_ms", "tpot_ms", "e2e_ms"):
        limit = getattr(of, name)
        if limit is not None and not 0 < limit < inf:
            yield Problem(f"{where}.{name}", "must be above 0")
    if not 0 < of.quantile < 1:
        yield Problem(f"{where}.quantile", "is a share of the requests: above 0, below 1 (0.95)")


def _option(option: Option, where: str, demand: Demand) -> Iterator[Problem]:
    yield from stack_problems(option.backend, where)
    yield from price_problems(option.price, model_of(option.backend), f"{where}.price")
    yield from _chips(option, where)
    yield from _amount(option.price_factor, f"{where}.price_factor", least=0.0)
    if option.billing and _per_token(option):
        yield Problem(f"{where}.billing", "is of chips paid by the hour; a price per token has none")
    if option.least_replicas < 0:
        yield Problem(f"{where}.least_replicas", "must not be negative")
    if option.most_replicas is not None and option.most_replicas < max(1, option.least_replicas):
        yield Problem(f"{where}.most_replicas", "must be 1 or more, and no less than least_replicas")
    if option.most_requests_per_s is not None and not 0 < option.most_requests_per_s < inf:
        yield Problem(f"{where}.most_requests_per_s", "must be above 0")
    if option.availability is not None and not 0 < option.availability <= 1:
        yield Problem(f"{where}.availability", "is a share of the time: above 0, at most 1 (0.999)")
    names = [of.name for of in demand.classes]
    for name, stated in option.requests_per_s.items():
        if name not in names:
            yield Problem(
                f"{where}.requests_per_s", f'no class is called "{printable(name, 40)}"{suggestion(name, names)}'
            )
        yield from _amount(stated, f"{where}.requests_per_s.{printable(name, 40)}", least=0.0)


def _chips(option: Option, where: str) -> Iterator[Problem]:
    """A price by the hour is that of a replica: as many chips as the stack has."""
    stack = stack_of(option.backend)
    if stack is None or _per_token(option):
        return
    chips = getattr(option.price, "chips", 1)
    if chips != stack.all_chips:
        yield Problem(
            f"{where}.price.chips",
            f"is {chips:g}, but a replica of {printable(stack.title, 40)} has {stack.all_chips}",
        )


def _per_token(option: Option) -> bool:
    price = option.price
    return isinstance(price, ApiPrice) or (isinstance(price, BookPrice) and not price.accelerator)


def _constraints(demand: Demand) -> Iterator[Problem]:
    of = demand.constraints
    if of.least_vendors < 1:
        yield Problem("constraints.least_vendors", "must be 1 or more")
    if of.most_vendors is not None and of.most_vendors < max(1, of.least_vendors):
        yield Problem("constraints.most_vendors", "must be 1 or more, and no less than least_vendors")
    if of.availability is not None and not 0 < of.availability < 1:
        yield Problem("constraints.availability", "is a share of the time: above 0, below 1 (0.999)")
    if of.spare_replicas < 0:
        yield Problem("constraints.spare_replicas", "must not be negative")
    if of.most_usd_per_month is not None and not 0 < of.most_usd_per_month < inf:
        yield Problem("constraints.most_usd_per_month", "must be above 0")
    yield from _loss(of, demand.classes)


def _loss(of: Constraints, classes: tuple[DemandClass, ...]) -> Iterator[Problem]:
    if of.survive_loss_of != "region":
        return
    if of.serve == "in region":
        yield Problem(
            "constraints.survive_loss_of",
            'data that must stay in its region cannot be served elsewhere when that is lost; write serve = "near"',
        )
    if len({region for each in classes for region in each.regions}) < 2:
        yield Problem("constraints.survive_loss_of", "needs classes with requests from two regions or more")


def _amount(value: Estimate, where: str, *, least: float, included: bool = False) -> Iterator[Problem]:
    if not isfinite(value.value) or value.low < least or (value.low == least and not included):
        yield Problem(where, f"must be {'at least' if included else 'above'} {least:g}, and so must its low end")
