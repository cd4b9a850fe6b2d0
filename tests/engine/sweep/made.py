"""Sweeps for tests: in virtual time, and the truth about their stacks by brute force."""

import asyncio
from dataclasses import dataclass

import numpy as np

from infertop.engine.figures import tok_s
from infertop.engine.histogram import CENTRES_NS, Histogram, HistogramState
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, WorkloadPlan
from infertop.engine.sweep.plan import SweepPlan
from infertop.engine.sweep.runner import Sweeper
from infertop.engine.sweep.sweep import Sweep, Target
from infertop.engine.virtual import simulate
from infertop.engine.window import since

SAME_LENGTHS = WorkloadPlan(source="chat", max_tokens=64, fixed_length=True)
"""Answers of one length, so that tokens/s do not rest on whose turn it was."""


def sweep_plan(*stacks, seed=1, workload=SAME_LENGTHS, **changes):
    """A sweep of `sim:` stacks in virtual time."""
    backends = tuple(BackendPlan(name=stack, url=f"sim:{stack}") for stack in stacks)
    plan = RunPlan(title="a sweep", backends=backends, workload=workload, seed=seed)
    given = {"virtual": True, "lengths_only": True, "longest_visit_s": None, **changes}
    return SweepPlan(plan=plan, **given)


def ttft(limit_ms, quantile=0.95):
    return (Target(metric="ttft_sched", quantile=quantile, limit_ms=limit_ms),)


def documents(sweeper) -> list[Sweep]:
    async def collect():
        return [each async for each in sweeper.documents()]

    return asyncio.run(collect())


def swept(plan, **options) -> Sweep:
    return documents(Sweeper(plan, **options))[-1]


@dataclass
class Level:
    """What is true of a level: tokens/s, every latency, and how many requests it took to know."""

    tok_s: float
    histograms: dict[str, HistogramState]
    requests: int

    def share(self, target):
        """Of the requests, those within the limit."""
        histogram = Histogram.of(self.histograms[target.metric])
        return histogram.counts[np.less_equal(CENTRES_NS, target.limit_ms * 1e6)].sum() / len(histogram)


def brute_force(stack, high, requests):
    """Every level from 1 to `high`, each with so many requests in the steady state; by level."""
    found = {}
    for level in range(1, high + 1):
        plan = RunPlan(
            backends=(BackendPlan(name=stack, url=f"sim:{stack}"),),
            workload=SAME_LENGTHS,
            arrivals=ArrivalsPlan(kind="closed", concurrency=level),
            requests=requests + 3 * level,
            seed=1000 + level,
        )
        base = now = None
        for frame in simulate(plan, every_s=max(1, 20 / level), lengths_only=True):
            backend = frame.backends[0]
            if frame.phase == "running":
                now = backend
            if base is None and backend.finished >= 2 * level:
                base = backend
            if backend.finished >= requests + 2 * level:
                break
        window = since(now, base)
        found[level] = Level(tok_s(window), window.histograms, now.scheduled)
    return found
