"""What a replica of a simulated stack serves within a class's limits: searched for in virtual time.

Requests cost nothing there, so the search is a plain bisection of the rate with as many requests at each as it takes
to know the quantile well; the sweep's search (`engine.sweep`) is made to spend few of them on real servers.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final

import numpy as np

from ...backends.fleet.accuracy import figures
from ...backends.fleet.memory import memory_of
from ...backends.fleet.model import power_w
from ...backends.fleet.stacks import Stack
from ...engine.frame import BackendFrame
from ...engine.plan import ArrivalsPlan, BackendPlan, RunPlan
from ...engine.sweep.estimate import Estimate
from ...engine.virtual import simulate
from ...profiles.demand import Demand, DemandClass, Option
from ...profiles.what_if import stack_name, stack_of
from .capacity import Capacity
from .limits import limits
from .seen import in_flight, level_of, missed, tokens_of, workload_of

REQUESTS: Final = 4_000
"""At each rate: 95 % of them are then within 0.7 points of p95."""

_LOWEST: Final = 0.04
"""The lightest load looked at, of what a replica serves at most."""

_HIGHEST: Final = 0.98
"""The heaviest with random arrivals: at the most it serves, its queue would never empty."""

_HALVINGS: Final = 6
_LEAST_ERROR: Final = 0.1
"""The fleet's model is not trusted to err by less, whatever the published figures say."""

_UNKNOWN_ERROR: Final = 0.35
"""Taken for families without published figures: the usual error of a roofline model (simulation.md)."""

Tell = Callable[[str], None]


def simulated(
    demand: Demand, wanted: Iterable[tuple[Option, DemandClass]], tell: Tell = lambda _: None
) -> Iterator[Capacity]:
    """The capacities of simulated options for classes.

    Args:
        demand: whose seed is used.
        wanted: pairs of them; options without a stack are passed over.
        tell: called with what is done next, in words.

    Raises:
        WorkloadError: a class's workload cannot be made.
    """
    for option, of in wanted:
        stack = stack_of(option.backend)
        if stack is not None:
            tell(f"{option.name}: {of.name}")
            yield _Search(demand.seed, option, stack, of).capacity()


class _Search:
    def __init__(self, seed: int, option: Option, stack: Stack, of: DemandClass) -> None:
        self._seed = seed
        self._option = option
        self._stack = stack
        self._of = of
        self._seen: dict[float, BackendFrame] = {}

    def capacity(self) -> Capacity:
        """From the lightest load up, halving what is left between kept and missed."""
        flat_out = self._run(ArrivalsPlan(kind="closed", concurrency=self._stack.max_batch * self._stack.replicas))
        most = flat_out.finished * 1e9 / max(1, flat_out.active_ns)
        if not most:
            return self._made(flat_out, 0.0, 0.0, most, "no request was answered")
        if not limits(self._of):
            return self._made(flat_out, most, most, most, "")
        low, high = most * _LOWEST, most * _HIGHEST
        if problem := self._missed(low):
            return self._made(self._seen[low], 0.0, 0.0, most, f"{problem}: {self._lightest(low)}")
        binding = self._missed(high)
        if not binding:
            return self._made(self._seen[high], high, high, most, "")
        for _ in range(_HALVINGS):
            middle = (low * high) ** 0.5 if high > 2 * low else (low + high) / 2
            if problem := self._missed(middle):
                high, binding = middle, problem
            else:
                low = middle
        return self._made(self._seen[low], low, high, most, binding)

    def _missed(self, per_s: float) -> str:
        self._seen[per_s] = self._run(ArrivalsPlan(kind="poisson", rate_per_s=per_s))
        return missed(self._seen[per_s], self._of)

    def _lightest(self, per_s: float) -> str:
        """What the limited latencies are there, in words."""
        level = level_of(self._seen[per_s], self._of)
        values = [(metric, getattr(level, metric, None)) for metric in limits(self._of)]
        words = [
            f"{metric.removesuffix('_ms').upper()} {value:,.0f} ms" for metric, value in values if value is not None
        ]
        return (
            f"{' and '.join(words) or 'no answer'} at the lightest load, by a speed that is {self._stack.provenance}"
        )

    def _run(self, arrivals: ArrivalsPlan) -> BackendFrame:
        plan = RunPlan(
            backends=(BackendPlan(name=self._option.name, url=f"sim:{stack_name(self._option.backend)}"),),
            workload=workload_of(self._of),
            arrivals=arrivals,
            slo=self._of.slo,
            seed=self._seed,
            requests=max(REQUESTS, 3 * arrivals.concurrency if arrivals.kind == "closed" else 0),
            timeout_s=3600.0,
        )
        *_, last = simulate(plan, lengths_only=True)
        return last.backends[0]

    def _made(self, counted: BackendFrame, kept: float, missed_at: float, most: float, binding: str) -> Capacity:
        stack, tokens = self._stack, tokens_of(counted)
        at_once = in_flight(counted) or 0.0
        memory = memory_of(stack)
        context = round(at_once / stack.replicas * (tokens.input_tokens + tokens.output_tokens / 2))
        running = max(1, min(stack.max_batch, round(at_once / stack.replicas)))
        low, high, error = _model_error(stack.family)
        levels = [level for each in self._seen.values() if (level := level_of(each, self._of)) is not None]
        return Capacity(
            option=self._option.name,
            class_name=self._of.name,
            requests_per_s=Estimate.around(kept, kept * low, max(missed_at, kept) * high),
            kept=kept > 0,
            binding=binding,
            at_most_per_s=most,
            arrivals="random",
            in_flight=at_once or None,
            input_tokens=tokens.input_tokens,
            cached_tokens=tokens.cached_tokens,
            output_tokens=tokens.output_tokens,
            chips=stack.all_chips,
            watts=power_w(stack, running, context) * stack.replicas,
            idle_watts=power_w(stack, 0) * stack.replicas,
            memory_bought_gb=memory.bought_gb * stack.replicas,
            memory_needed_gb=memory.needed_gb(context) * stack.replicas,
            levels=tuple(sorted(levels, key=lambda level: level.requests_per_s)),
            label="SIM",
            source=(
                f"simulated in virtual time: {stack.title}, {stack.model.name} {stack.precision}, {stack.engine}; "
                f"{counted.finished:,} requests at each of {len(self._seen) + 1} loads, seed {self._seed}"
            ),
            notes=(f"speed is {stack.provenance}; {error}", *(f"assumed: {each}" for each in stack.assumed)),
        )


@lru_cache
def _model_error(family: str) -> tuple[float, float, str]:
    """What the real speed may be over the simulated, 19 times in 20, and why.

    Published tokens/s over those modelled by parameters that were fitted without any point of their hardware and
    model: what a stack that was not published may expect.
    """
    of = [each.published / each.left_out for each in figures() if each.family == family and each.metric == "tok_s"]
    if len(of) < 2:
        low, high = 1 - _UNKNOWN_ERROR, 1 + _UNKNOWN_ERROR
        return low, high, f"taken to be within {_UNKNOWN_ERROR:.0%} of the real one, as too little is published"
    low, high = np.quantile(of, (0.025, 0.975))
    low, high = min(float(low), 1 - _LEAST_ERROR), max(float(high), 1 + _LEAST_ERROR)
    return (
        low,
        high,
        f"{len(of)} published figures of its family were {low:.2f} to {high:.2f} times what the model says",
    )
