"""Two simulated backends of the same stack, watched for 10,000 prompts in virtual time: no verdict of difference."""

import math
from collections.abc import Iterator
from random import Random

import pytest

from infertop.backends.fleet.scheduler import Job, Scheduler
from infertop.backends.fleet.stacks import STACKS
from infertop.engine.frame import BackendFrame
from infertop.engine.histogram import Histogram
from infertop.engine.pairing import Pairing
from infertop.engine.serial import SerialSums
from infertop.engine.verdict import verdicts

PROMPTS = 10_000
METRICS = ("ttft_sched", "tpot")


def answers(stack, seed, lengths, concurrency) -> Iterator[tuple[int, int, dict[str, int]]]:
    """(time, index, metrics in ns) as a closed loop over the simulated scheduler answers them."""
    scheduler = Scheduler(stack, seed)
    waiting = iter(range(len(lengths)))
    sent, first = {}, {}

    def send(at_ns):
        if (index := next(waiting, None)) is not None:
            scheduler.submit(Job(index, at_ns, *lengths[index]))
            sent[index] = at_ns

    for _ in range(concurrency):
        send(0)
    while scheduler.begin() is not None:
        step = scheduler.complete()
        for emission in step.emissions:
            index = emission.job_id
            first.setdefault(index, step.end_ns)
            if emission.finished:
                tpot = (step.end_ns - first[index]) // max(1, lengths[index][1] - 1)
                yield step.end_ns, index, {"ttft_sched": first[index] - sent[index], "tpot": tpot}
                send(step.end_ns)


class Twin:
    def __init__(self, name, side):
        self.name = name
        self.side = side
        self.histograms = {metric: Histogram() for metric in METRICS}
        self.series = {metric: SerialSums() for metric in METRICS}
        self.finished = 0

    def add(self, index, values):
        self.finished += 1
        for metric, value in values.items():
            x = math.log(max(value, 2))
            self.histograms[metric].add(value)
            self.series[metric].add(x)
            self.side.add(metric, index, x)

    def frame(self, concurrency):
        return BackendFrame(
            name=self.name,
            finished=self.finished,
            company=concurrency * self.finished,
            histograms={metric: histogram.state() for metric, histogram in self.histograms.items()},
            series={metric: series.state() for metric, series in self.series.items()},
        )


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("stack", "concurrency"), [("groq", 8), ("cerebras", 64), ("tpu-v6e", 16)])
def test_twins_are_never_told_apart(stack, concurrency):
    random = Random(1)
    lengths = [
        (max(4, int(random.lognormvariate(5.5, 0.8))), max(2, int(random.lognormvariate(4, 0.7))))
        for _ in range(PROMPTS)
    ]
    pairing = Pairing(["a", "b"])
    twins = [Twin(name, pairing.of(name)) for name in "ab"]
    every = [
        (at_ns, twin, index, values)
        for seed, twin in enumerate(twins)
        for at_ns, index, values in answers(STACKS[stack], seed, lengths, concurrency)
    ]
    every.sort(key=lambda answer: answer[0])
    outcomes = set()
    for number, (_, twin, index, values) in enumerate(every, 1):
        twin.add(index, values)
        if number % 100 == 0:
            frames = [twin.frame(concurrency) for twin in twins]
            for metric in METRICS:
                (verdict,) = verdicts(frames, metric, tuple(pairing.pairs()))
                outcomes |= {verdict.outcome, verdict.paired.outcome}
    assert outcomes <= {"too early", "withheld", "tie"}
    assert "tie" in outcomes
