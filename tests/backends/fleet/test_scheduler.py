"""Properties of the scheduler that hold for any stack, any load and any cancellations."""

from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.fleet.model import kv_capacity_tokens
from infertop.backends.fleet.scheduler import FOREVER, Job, Scheduler, Step
from infertop.backends.fleet.stacks import GROQ, H200, INFERENTIA2, STACKS, MemoryMachine, Stack, find_stack

from .plain_scheduler import plain_run


def small(stack: Stack, max_batch: int, kv_tokens: int) -> Stack:
    """`stack` with room for about `kv_tokens`, so that memory limits it too."""
    spare = kv_tokens * stack.model.kv_bytes_per_token * getattr(stack.machine, "kv_copies", 1)
    gb = (stack.model.parameters * stack.bytes_per_weight + spare) / 1e9 / stack.chips / stack.machine.memory_share
    return replace(stack, max_batch=max_batch, machine=replace(stack.machine, memory_gb=gb))


@st.composite
def loads(draw: st.DrawFn) -> tuple[Stack, list[Job]]:
    stack = small(draw(st.sampled_from(list(STACKS.values()))), draw(st.integers(1, 5)), draw(st.integers(800, 3000)))
    stack = replace(stack, static_batching=draw(st.sampled_from([False, False, False, True])))
    arrival_ns, jobs = 0, []
    for job_id in range(draw(st.integers(1, 12))):
        arrival_ns += draw(st.one_of(st.just(0), st.integers(0, 2 * 10**9)))
        jobs.append(Job(job_id, arrival_ns, draw(st.integers(1, 500)), draw(st.integers(1, 200))))
    return stack, jobs


Chunks = dict[int, list[tuple[int, int]]]


def chunks(stack: Stack, jobs: list[Job], most_steps: int, until_ns: int = 0) -> tuple[Chunks, int]:
    """When each job got how many tokens, and how many were preempted.

    Jobs are submitted when the stretch in progress ends after they arrive; stretches end at multiples of `until_ns`.
    """
    scheduler, pending = Scheduler(stack, seed=1), list(jobs)
    found: Chunks = {job.id: [] for job in jobs}
    decoding: set[int] = set()
    now_ns = 0
    while pending or scheduler.running or scheduler.waiting:
        bound_ns = (now_ns // until_ns + 1) * until_ns if until_ns else FOREVER
        end_ns = scheduler.begin(most_steps, bound_ns)
        if pending and (end_ns is None or pending[0].arrival_ns <= end_ns):
            arrival_ns = pending[0].arrival_ns
            while pending and pending[0].arrival_ns == arrival_ns:
                scheduler.submit(pending.pop(0))  # which may shorten what is in progress
            continue
        stretch = scheduler.complete_stretch()
        now_ns = stretch.start_ns
        decoding -= set(stretch.preempted)
        for duration_ns in stretch.durations_ns:
            now_ns += int(duration_ns)
            if stretch.tokens:
                assert len(decoding) == stretch.decoding
                for job_id in decoding:
                    found[job_id].append((now_ns, stretch.tokens))
        assert now_ns == stretch.end_ns
        for job_id in stretch.joined:
            found[job_id].append((now_ns, 1))
        decoding = (decoding | set(stretch.joined)) - set(stretch.finished)
    return found, scheduler.preemptions


@given(loads(), st.sampled_from([0, 30_000_000, 1_000_000_000]))
def test_many_steps_at_a_time_are_the_same_steps(load: tuple[Stack, list[Job]], until_ns: int) -> None:
    stack, jobs = load
    one_by_one = chunks(stack, jobs, 1)
    assert chunks(stack, jobs, FOREVER, until_ns) == one_by_one
    assert chunks(stack, jobs, 3) == one_by_one


@given(loads())
def test_it_does_what_the_plain_way_of_writing_it_does(load: tuple[Stack, list[Job]]) -> None:
    stack, jobs = load
    expected = plain_run(stack, jobs, seed=1)
    found, preemptions = chunks(stack, jobs, FOREVER)
    assert preemptions == expected.preemptions
    for job in jobs:
        assert [tokens for _, tokens in found[job.id]] == [tokens for _, tokens in expected.chunks[job.id]]
        for (at_ns, _), (plain_ns, _) in zip(found[job.id], expected.chunks[job.id], strict=True):
            assert abs(at_ns - plain_ns) < 10_000  # a step's closed form is within 1 ns


def test_a_static_batch_is_answered_whole_before_the_next() -> None:
    stack = find_stack("inferentia2/batch=3/static=1")
    jobs = [Job(number, 0, 100, 10 * (number + 1)) for number in range(5)]
    found, _ = chunks(stack, jobs, FOREVER)
    first = [times[0][0] for times in found.values()]
    last = [times[-1][0] for times in found.values()]
    assert min(first[3:]) > max(last[:3]) > last[1] > last[0]
    alone, _ = chunks(find_stack("inferentia2/batch=1"), jobs[2:3], FOREVER)
    shared_ns, alone_ns = (times[-1][0] - times[-2][0] for times in (found[2], alone[2]))
    assert shared_ns > 1.02 * alone_ns  # the others' places are worked on to the end


def test_when_memory_runs_out_the_youngest_starts_again() -> None:
    stack = small(H200, 4, 1000)
    scheduler = Scheduler(stack, seed=1)
    capacity = scheduler.kv_capacity_tokens
    for job_id in (1, 2):
        scheduler.submit(Job(job_id, 0, capacity // 2 - 50, 100))
    order = []
    while scheduler.begin() is not None:
        order += [emission.job_id for emission in scheduler.complete().emissions if emission.finished]
        if scheduler.waiting and not order:
            assert scheduler.produced(1) >= scheduler.produced(2) > 0
    assert scheduler.preemptions == 1
    assert order == [1, 2]


@dataclass
class Watched:
    """A run with the scheduler's state looked at in every step."""

    steps: list[Step] = field(default_factory=list)
    tokens: dict[int, int] = field(default_factory=dict)
    finished: list[int] = field(default_factory=list)
    admitted: list[int] = field(default_factory=list)

    def go(self, stack: Stack, jobs: list[Job], cancel_at: dict[int, list[int]] | None = None) -> "Watched":
        """Drive `jobs` to the end; `cancel_at[n]` are cancelled while step n is in progress."""
        scheduler = Scheduler(stack, seed=1)
        pending = list(jobs)
        while True:
            end_ns = scheduler.begin()
            if end_ns is None:
                if not pending:
                    break
                scheduler.submit(pending.pop(0))
                continue
            assert scheduler.running <= stack.max_batch
            assert 0 <= scheduler.kv_tokens <= scheduler.kv_capacity_tokens
            while pending and pending[0].arrival_ns <= end_ns:  # as a server: they come while the step runs
                scheduler.submit(pending.pop(0))
            for job_id in (cancel_at or {}).get(len(self.steps), []):
                scheduler.cancel(job_id)
            step = scheduler.complete()
            self.steps.append(step)
            self.admitted += step.admitted
            for emission in step.emissions:
                assert emission.tokens > 0
                assert emission.job_id not in self.finished
                self.tokens[emission.job_id] = self.tokens.get(emission.job_id, 0) + emission.tokens
                if emission.finished:
                    self.finished.append(emission.job_id)
        assert scheduler.running == scheduler.waiting == scheduler.kv_tokens == 0
        return self


@given(loads())
def test_every_job_gets_exactly_its_tokens(load: tuple[Stack, list[Job]]) -> None:
    stack, jobs = load
    run = Watched().go(stack, jobs)
    assert run.tokens == {job.id: job.output_tokens for job in jobs}
    assert sorted(run.finished) == [job.id for job in jobs]


@given(loads())
def test_admission_is_first_come_first_served(load: tuple[Stack, list[Job]]) -> None:
    stack, jobs = load
    run = Watched().go(stack, jobs)
    assert list(dict.fromkeys(run.admitted)) == [job.id for job in jobs]  # those preempted come again
    arrivals = {job.id: job.arrival_ns for job in jobs}
    assert all(arrivals[job_id] <= step.start_ns for step in run.steps for job_id in step.admitted)


@given(loads())
def test_prompts_are_read_in_the_order_of_arrival(load: tuple[Stack, list[Job]]) -> None:
    stack, jobs = load
    if isinstance(stack.machine, MemoryMachine):  # an SRAM machine reads them beside each other
        run = Watched().go(stack, jobs)
        assert list(run.tokens) == [job.id for job in jobs]


@given(loads())
def test_time_only_goes_forward_and_steps_do_not_overlap(load: tuple[Stack, list[Job]]) -> None:
    run = Watched().go(*load)
    assert all(step.start_ns < step.end_ns for step in run.steps)
    assert all(one.end_ns <= two.start_ns for one, two in pairwise(run.steps))


@given(loads())
def test_the_same_seed_gives_the_same_run(load: tuple[Stack, list[Job]]) -> None:
    assert Watched().go(*load).steps == Watched().go(*load).steps


@given(loads(), st.dictionaries(st.integers(0, 30), st.lists(st.integers(0, 14), max_size=3), max_size=6))
def test_cancelled_jobs_get_nothing_more_and_the_others_all(
    load: tuple[Stack, list[Job]], cancel_at: dict[int, list[int]]
) -> None:
    stack, jobs = load
    run = Watched().go(stack, jobs, cancel_at)
    cancelled = {job_id for job_ids in cancel_at.values() for job_id in job_ids}
    for job in jobs:
        if job.id not in cancelled:
            assert run.tokens[job.id] == job.output_tokens
        elif job.id not in run.finished:
            assert run.tokens.get(job.id, 0) < job.output_tokens


@pytest.mark.parametrize("stack", STACKS.values(), ids=list(STACKS))
def test_cancelling_frees_the_place_at_once(stack: Stack) -> None:
    scheduler = Scheduler(replace(stack, max_batch=1), seed=1)
    scheduler.submit(Job(1, 0, 10, 1000))
    scheduler.submit(Job(2, 0, 10, 1000))
    scheduler.begin()
    assert (scheduler.running, scheduler.waiting) == (1, 1)
    scheduler.cancel(1)
    assert (scheduler.running, scheduler.kv_tokens) == (0, 0)
    assert scheduler.complete().emissions == []
    scheduler.begin()
    assert (scheduler.running, scheduler.waiting) == (1, 0)
    assert scheduler.complete().admitted == [2]


def test_cancelling_in_the_queue_and_twice() -> None:
    scheduler = Scheduler(replace(H200, max_batch=1), seed=1)
    for job_id in (1, 2, 3):
        scheduler.submit(Job(job_id, 0, 10, 2))
    scheduler.begin()
    scheduler.cancel(2)
    scheduler.cancel(2)
    scheduler.cancel(99)
    assert scheduler.waiting == 1
    seen = []
    while scheduler.begin() is not None:
        seen += scheduler.complete().admitted
    assert seen == [1, 3]


def test_jobs_that_can_never_run_are_refused() -> None:
    scheduler = Scheduler(H200, seed=1)
    with pytest.raises(ValueError, match="more memory than h200 has"):
        scheduler.submit(Job(1, 0, kv_capacity_tokens(H200), 1))
    with pytest.raises(ValueError, match="no input or no output"):
        scheduler.submit(Job(2, 0, 1, 0))
    scheduler.submit(Job(3, 10, 1, 1))
    with pytest.raises(ValueError, match="before its predecessor"):
        scheduler.submit(Job(4, 9, 1, 1))
    assert scheduler.waiting == 1


def test_a_step_starts_when_the_first_job_arrives() -> None:
    scheduler = Scheduler(H200, seed=1)
    assert scheduler.begin() is None
    scheduler.submit(Job(1, 5_000, 10, 1))
    assert scheduler.begin() == scheduler.begin()
    assert scheduler.complete().start_ns == 5_000


def test_chunked_prefill_keeps_decoding_and_prefill_alone_stalls_it() -> None:
    def others_during_a_prompt(stack: Stack) -> list[int]:
        scheduler = Scheduler(stack, seed=1)
        scheduler.submit(Job(1, 0, 10, 50))
        scheduler.begin()
        scheduler.submit(Job(2, scheduler.complete().end_ns, 4000, 5))
        got = []
        while True:
            scheduler.begin()
            emissions = {emission.job_id: emission.tokens for emission in scheduler.complete().emissions}
            got.append(emissions.get(1, 0))
            if 2 in emissions:
                return got

    budget = replace(H200, machine=replace(H200.machine, prefill_budget_tokens=1000))
    assert others_during_a_prompt(budget) == [1, 1, 1, 1, 1]  # 999 of the prompt in each of four steps, then 4
    assert others_during_a_prompt(INFERENTIA2) == [0]


def test_prompts_on_an_sram_machine_do_not_slow_each_other() -> None:
    scheduler = Scheduler(replace(GROQ, tail=replace(GROQ.tail, jitter=0, stall_share=0)), seed=1)
    for job_id in range(8):
        scheduler.submit(Job(job_id, 0, 500, 1))
    while scheduler.running or scheduler.begin() is not None:
        scheduler.begin()
        step = scheduler.complete()
    assert step.end_ns == pytest.approx(100e6, rel=0.01)
    assert len(step.emissions) == 8
