"""The virtual face of a stack (its scheduler driven as fast as it goes) and one real fleet process."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

import pytest

from infertop.backends.fleet.process import Fleet, start_fleet
from infertop.backends.fleet.scheduler import Job, Scheduler
from infertop.backends.fleet.stacks import STACKS, Stack


@dataclass
class Run:
    """What came out of a virtual run; times in ns, one list per job in tokens' order."""

    arrival_ns: dict[int, int] = field(default_factory=dict)
    token_ns: dict[int, list[int]] = field(default_factory=dict)
    end_ns: int = 0

    @property
    def ttft_ms(self) -> list[float]:
        return [(times[0] - self.arrival_ns[job_id]) / 1e6 for job_id, times in self.token_ns.items()]

    @property
    def itl_ms(self) -> list[float]:
        """Gaps between steps that brought tokens, as often as they brought them, each divided among them."""
        gaps = []
        for times in self.token_ns.values():
            for (before, _), (after, tokens) in pairwise(Counter(times).items()):
                gaps += [(after - before) / tokens / 1e6] * tokens
        return gaps

    @property
    def tok_s(self) -> float:
        return sum(map(len, self.token_ns.values())) / self.end_ns * 1e9

    @property
    def user_tok_s(self) -> float:
        """Median over jobs of 1/TPOT."""
        return median((len(times) - 1) / (times[-1] - times[0]) * 1e9 for times in self.token_ns.values())


class Virtual:
    """Drives a scheduler in virtual time."""

    def drive(
        self,
        stack: Stack,
        jobs: Sequence[Job],
        *,
        seed: int = 1,
        then: Callable[[Job, int], Job | None] | None = None,
    ) -> Run:
        """Run `jobs` (sorted by arrival); `then(finished job, time)` may submit another one."""
        scheduler, run, known = Scheduler(stack, seed), Run(), {}

        def submit(job: Job) -> None:
            known[job.id] = job
            run.arrival_ns[job.id] = job.arrival_ns
            scheduler.submit(job)

        for job in jobs:
            submit(job)
        while scheduler.begin() is not None:
            step = scheduler.complete()
            run.end_ns = step.end_ns
            for emission in step.emissions:
                run.token_ns.setdefault(emission.job_id, []).extend([step.end_ns] * emission.tokens)
                if emission.finished and then is not None and (job := then(known[emission.job_id], step.end_ns)):
                    submit(job)
        return run

    def closed_loop(
        self, stack: Stack, concurrency: int, *, requests: int, input_tokens: int, output_tokens: int
    ) -> Run:
        """`concurrency` users, each asking again when answered; lengths differ by ±30 % so that they spread."""

        def job(index: int, at_ns: int) -> Job:
            vary = 0.7 + 0.6 * (index * 0.618 % 1)
            return Job(index, at_ns, max(1, round(input_tokens * vary)), max(1, round(output_tokens * vary)))

        left = iter(range(concurrency, requests))

        def then(_: Job, at_ns: int) -> Job | None:
            index = next(left, None)
            return None if index is None else job(index, at_ns)

        return self.drive(stack, [job(index, 0) for index in range(concurrency)], then=then)


@pytest.fixture(scope="session")
def virtual() -> Virtual:
    return Virtual()


@pytest.fixture(scope="session")
def fleet() -> Iterator[Fleet]:
    with start_fleet(STACKS, seed=7) as running:
        yield running
