"""Why nothing serves a demand: which constraints stand in the way, alone or together, and what it then would cost."""

from collections.abc import Iterator

from ...backends.printable import printable
from ..figures import usd
from .constraint import asked
from .decision import Binding, Infeasible
from .limits import most_rate
from .question import Question
from .usage import Months


def infeasible(question: Question) -> Infeasible:
    """Why there is no answer.

    Each constraint is left out in turn: where that alone makes an answer, it is named with what it would then cost.
    Where none does alone, all are left out and taken back one after the other for as long as there is an answer:
    those that cannot be taken back have to be given up together, and no fewer of them (a minimal correction set).
    """
    words = asked(question.demand)
    if question.answer(tuple(words))[1] is None:
        reasons = tuple(_unserved(question)) or ("no option can serve it, whatever is given up",)
        return Infeasible(words="; ".join(reasons), binding=())
    alone = []
    for key, said in words.items():
        of, strategy = question.answer((key,))
        if strategy is not None:
            alone.append(Binding(words=said, alone=True, then_usd_per_month=Months(question, of, strategy).cost))
    if alone:
        alone.sort(key=lambda each: each.then_usd_per_month or 0.0)
        if len(alone) == 1:
            return Infeasible(words=f"this cannot be kept: {alone[0].words}", binding=tuple(alone))
        return Infeasible(
            words=f"these cannot all be kept, and any one of them given up is enough: {_listed(alone)}",
            binding=tuple(alone),
        )
    given_up = list(words)
    for key in words:
        fewer = [each for each in given_up if each != key]
        if question.answer(fewer)[1] is not None:
            given_up = fewer
    of, strategy = question.answer(given_up)
    assert strategy is not None
    cost = usd(Months(question, of, strategy).cost)
    together = tuple(Binding(words=words[key], alone=False) for key in given_up)
    return Infeasible(
        words="giving up one constraint is not enough; it would take all of these, and then costs "
        f"{cost} a month: {_listed(together)}",
        binding=together,
    )


def _unserved(question: Question) -> Iterator[str]:
    """Classes that no option is known to serve at all."""
    for each in question.demand.classes:
        known = [question.known.get((option.name, each.name)) for option in question.demand.options]
        if not any(known):
            yield f"{printable(each.name, 40)} cannot be served: nothing is known of any option's speed"
        elif not any(capacity is not None and most_rate(capacity) for capacity in known):
            yield f"{printable(each.name, 40)} cannot be served: no option was seen to serve any of it"


def _listed(bindings: "list[Binding] | tuple[Binding, ...]") -> str:
    return "; ".join(each.words for each in bindings)
