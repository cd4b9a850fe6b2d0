"""What would change the ranking of a class: its volume, a price, its limits, how busy replicas are; as curves.

Each option serves the class alone, as in the ranking. Where the cheapest changes is found by narrowing down between
the points of a curve; a cost that goes by whole replicas is a staircase, so there may be several such places.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from ...backends.printable import printable
from ..figures import number, share
from .decision import Crossing, Line, Ranking, Sensitivity
from .draws import Factors, certain
from .evaluation import outcome
from .instance import SECONDS_AN_HOUR, Array, Instance
from .limits import METRICS, limits, rate_within
from .optimum import Strategy
from .question import Question
from .ranking import alone

_VOLUMES: Final = np.geomspace(0.01, 100, 81)
_PRICES: Final = np.geomspace(0.25, 4, 41)
_LIMITS: Final = np.geomspace(0.25, 4, 41)
_SHARES: Final = np.geomspace(0.01, 1, 41)
_NARROWED: Final = 33
_ROUNDS: Final = 4
_MOST_PRICES: Final = 3

Costs = Callable[[Array], Array]
"""Values of the input (X,) to USD per million output tokens of each option (X, options); NaN where it cannot."""


def sensitivities(question: Question, rankings: Sequence[Ranking]) -> tuple[Sensitivity, ...]:
    """The curves of every class that more than one option can serve."""
    of = question.instance()
    found: list[Sensitivity] = []
    for c, ranking in enumerate(rankings):
        able = [each.option for each in ranking.options if each.rank is not None]
        if able:
            curves = _Curves(question, of, c, able)
            found += [curves.volume(), *curves.prices(), *curves.limit(), *curves.utilisation(ranking)]
    return tuple(found)


class _Curves:
    """Of one class.

    Args:
        able: the options that can serve it, the cheapest first.
    """

    def __init__(self, question: Question, of: Instance, c: int, able: Sequence[str]) -> None:
        names = [option.name for option in question.demand.options]
        self._question = question
        self._of = of
        self._c = c
        self._able = able
        self._class = question.demand.classes[c]
        self._place = [names.index(name) for name in able]
        self._strategies = [found for o in self._place if (found := alone(of, c, o)) is not None]

    def volume(self) -> Sensitivity:
        per_day = self._class.requests_per_day.value

        def costs(xs: Array) -> Array:
            factors = self._certain(xs)
            factors.volume[:] = (xs / per_day)[:, None]
            return self._costs(factors)

        return self._curve(
            "volume", "requests a day", per_day, _VOLUMES * per_day, costs, lambda x: f"{x:,.0f} requests a day"
        )

    def prices(self) -> Iterator[Sensitivity]:
        """Of the cheapest options, each price changed by itself."""
        for name, o in zip(self._able[:_MOST_PRICES], self._place, strict=False):

            def costs(xs: Array, o: int = o) -> Array:
                factors = self._certain(xs)
                factors.price[:, o] = xs
                return self._costs(factors)

            whose = f"times the price of {printable(name, 40)}"

            def said(x: float, whose: str = whose) -> str:
                return f"{number(x)} {whose}"

            yield self._curve("price", whose, 1.0, _PRICES, costs, said, of=name)

    def limit(self) -> Iterator[Sensitivity]:
        """All limits changed together; said in ms of the first."""
        asked = limits(self._class)
        if not asked:
            return
        metric, limit_ms = next((each, asked[each]) for each in METRICS if each in asked)
        known = [self._question.known[name, self._class.name] for name in self._able]

        def costs(xs: Array) -> Array:
            factors = self._certain(xs)
            for o, each in zip(self._place, known, strict=True):
                now = rate_within(each, self._class)
                then = np.array([rate_within(each, self._class, float(x) / limit_ms) for x in xs])
                factors.capacity[:, self._c, o] = then / now
            found = self._costs(factors)
            # An API has no replicas to run out of, but cannot keep what it was not seen to keep either.
            unkept = np.stack([factors.capacity[:, self._c, o] <= 0 for o in self._place], axis=1)
            return np.where(unkept, np.nan, found)

        name = f"p{self._class.quantile * 100:g} {metric.removesuffix('_ms').upper()}"
        others = " and the other limits in proportion" if len(asked) > 1 else ""
        yield self._curve(
            "latency limit",
            f"ms {name}{others}",
            limit_ms,
            _LIMITS * limit_ms,
            costs,
            lambda x: f"{name} {x:,.0f} ms",
        )

    def utilisation(self, ranking: Ranking) -> Iterator[Sensitivity]:
        """Replicas that are needed in a share of the hours that are paid for; an API costs the same at any."""
        usages = [each.usage for each in ranking.options if each.usage is not None]
        full = np.array([each.usd_per_m_output.value if each.usd_per_m_output_full is None
                         else each.usd_per_m_output_full for each in usages])  # fmt: skip
        by_the_hour = np.array([each.usd_per_m_output_full is not None for each in usages])
        if not by_the_hour.any():
            return

        def costs(xs: Array) -> Array:
            return np.where(by_the_hour, full / xs[:, None], full)

        now = next(each.utilisation for each in usages if each.utilisation is not None)
        yield self._curve(
            "utilisation", "share of the replica-hours paid for that are needed", now, _SHARES, costs,
            lambda x: f"a utilisation of {share(x)}",
        )  # fmt: skip

    def _certain(self, xs: Array) -> Factors:
        return certain(len(self._question.demand.classes), len(self._question.demand.options), len(xs))

    def _costs(self, factors: Factors) -> Array:
        pairs = zip(self._strategies, self._place, strict=True)
        return np.stack([self._usd_per_m(strategy, o, factors) for strategy, o in pairs], axis=1)

    def _usd_per_m(self, strategy: Strategy, o: int, factors: Factors) -> Array:
        of = self._of
        done = outcome(of, strategy, factors)
        known = self._question.known[self._question.demand.options[o].name, self._class.name]
        tokens = (strategy.flows[0].sum(axis=1) @ of.hours).sum() * SECONDS_AN_HOUR * known.output_tokens
        replicas = done.replicas[:, of.site_option == o].sum(axis=1).max(axis=1)
        per_s = (strategy.flows[0].sum(axis=1) * of.peak[:, None]).sum(axis=0).max() * factors.volume[:, self._c]
        fits = (replicas <= of.most[o]) & (per_s <= of.most_per_s[o] * (1 + 1e-9)) & np.isfinite(done.usd)
        return np.asarray(np.where(fits, done.usd / (tokens * factors.volume[:, self._c]) * 1e6, np.nan))

    def _curve(
        self,
        what: str,
        unit: str,
        now: float,
        xs: Array,
        costs: Costs,
        said: Callable[[float], str],
        of: str = "",
    ) -> Sensitivity:
        ys = costs(xs)
        crossings = tuple(_crossings(xs, ys, costs, self._able))
        return Sensitivity(
            what=what,  # type: ignore[arg-type]
            class_name=self._class.name,
            of=of,
            unit=unit,
            y_unit="USD per million output tokens",
            now=now,
            lines=tuple(_line(name, xs, column) for name, column in zip(self._able, ys.T, strict=True)),
            crossings=crossings,
            words=_in_words(crossings, now, said, self._able[0], (float(xs[0]), float(xs[-1]))),
        )


def _line(name: str, xs: Array, ys: Array) -> Line:
    points = zip(xs.tolist(), ys.tolist(), strict=True)
    return Line(option=name, points=tuple((x, None if np.isnan(y) else y) for x, y in points))


def _crossings(xs: Array, ys: Array, costs: Costs, names: Sequence[str]) -> Iterator[Crossing]:
    """Where the cheapest changes, each narrowed down."""
    best = _cheapest(ys)
    for at in np.flatnonzero(best[1:] != best[:-1]):
        low, high = float(xs[at]), float(xs[at + 1])
        below, above = int(best[at]), int(best[at + 1])
        for _ in range(_ROUNDS):
            between = np.geomspace(low, high, _NARROWED)
            found = _cheapest(costs(between))
            turn = int(np.argmax(found != below))
            if found[turn] == below:  # it turns at the very end
                break
            low, high = float(between[max(turn - 1, 0)]), float(between[turn])
            above = int(found[turn])
        yield Crossing(at=(low * high) ** 0.5, below=_name(names, below), above=_name(names, above))


def _cheapest(ys: Array) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    """The number of the cheapest option, the first of equals; -1 where none can serve."""
    usable = np.where(np.isnan(ys), np.inf, ys)
    best = usable.min(axis=1, keepdims=True)
    first = np.argmax(usable <= best * (1 + 1e-9), axis=1)
    return np.where(np.isfinite(best[:, 0]), first, -1)


def _name(names: Sequence[str], number_: int) -> str:
    return names[number_] if number_ >= 0 else ""


def _in_words(
    crossings: Sequence[Crossing], now: float, said: Callable[[float], str], first: str, seen: tuple[float, float]
) -> str:
    """The nearest change to either side of the present."""
    below = max((each for each in crossings if each.at < now), key=lambda each: each.at, default=None)
    above = min((each for each in crossings if each.at >= now), key=lambda each: each.at, default=None)
    parts = [
        f"below {said(below.at)}, {_cheapest_is(below.below)}" if below else "",
        f"above {said(above.at)}, {_cheapest_is(above.above)}" if above else "",
    ]
    known = [part for part in parts if part]
    if not known:
        return f"{printable(first, 40)} stays the cheapest from {said(seen[0])} to {said(seen[1])}"
    return "; ".join(known)


def _cheapest_is(name: str) -> str:
    return f"{printable(name, 40)} is the cheapest" if name else "no option can serve"
