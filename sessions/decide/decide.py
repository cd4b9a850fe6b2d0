"""A demand, what its options can do and what they cost, to a decision. Pure: no file, no clock, no network."""

from collections.abc import Iterable
from datetime import date

from msgspec.structs import replace

from ...backends.prices import age_days, is_old
from ...profiles.demand import Demand
from ..money import price as price_in_words
from .binding import infeasible
from .capacity import Capacity
from .certainty import verdict
from .decision import Decision, LockIn, Offer, PriceUsed, Verdict
from .draws import DRAWS
from .plan import METHOD, plan
from .question import Question
from .ranking import rankings
from .resilience import losses, replan
from .sensitivity import sensitivities
from .splitting import single_vendor, split, what_constraints_cost

ASSUMPTIONS = (
    "A month is a twelfth of 8,760 hours, five days in seven of them weekdays; hours are UTC.",
    "Requests of an hour arrive at random around its mean rate, times the peak factor.",
    *METHOD[:2],
    "Replicas billed by the hour follow the load hour by hour, at once; reserved and owned ones are paid for always.",
    "An API takes what it is sent, up to a limit if one is stated; its latency was seen at other loads than yours.",
    (
        f"Intervals come of {DRAWS:,} draws of the uncertain inputs, lognormal to each side of the estimate; what an "
        "option serves of each class errs together, all else apart."
    ),
    "After a loss, what can wait waits; the time to route elsewhere is not counted, nor is what it costs meanwhile.",
)


def decide(demand: Demand, capacities: Iterable[Capacity], offers: Iterable[Offer], today: date) -> Decision:
    """The cheapest way to serve `demand`, what it rests on and how sure it is.

    Args:
        demand: what is asked.
        capacities: what each option serves of each class; an option without one is excluded for that class.
        offers: prices and facts, one an option.
        today: to which the ages of prices count.

    Raises:
        SolverError: the solver gave up.
    """
    return decided(Question.of(demand, capacities, offers), today)


def decided(question: Question, today: date) -> Decision:
    """The same of a question that is at hand."""
    offers = tuple(question.offers.values())
    ranked = rankings(question)
    of, strategy = question.answer()
    replanned = {} if strategy is None else replan(of, strategy)
    chosen = None if strategy is None else split(question, of, strategy)
    if chosen is not None:
        chosen = replace(chosen, binding=what_constraints_cost(question))
    return Decision(
        demand=question.demand,
        today=today.isoformat(),
        offers=offers,
        prices=tuple(_price_used(offer, today) for offer in offers),
        capacities=tuple(question.known.values()),
        rankings=ranked,
        split=chosen,
        single=single_vendor(question),
        resilience=() if strategy is None else losses(question, of, strategy, replanned),
        lock_in=tuple(LockIn(option=each.option, vendor=each.vendor, facts=each.facts) for each in offers),
        sensitivities=sensitivities(question, ranked),
        verdict=_NONE if strategy is None else verdict(question, of, strategy, replanned),
        infeasible=infeasible(question) if strategy is None else None,
        plan=None if strategy is None else plan(question, of, strategy),
        assumptions=ASSUMPTIONS,
    )


_NONE = Verdict(verdict="none", why="nothing serves the demand as it is asked", draws=0)


def _price_used(offer: Offer, today: date) -> PriceUsed:
    as_of = offer.price.as_of
    old = is_old(as_of, today)
    return PriceUsed(
        option=offer.option,
        price=offer.price,
        words=price_in_words(offer.price, old=old),
        age_days=age_days(as_of, today) if as_of else None,
        old=old,
    )
