"""The same batching written the plain way: every request looked at in every step, one step at a time."""

from dataclasses import dataclass, field

from infertop.backends.fleet.model import (
    NS_PER_S,
    Work,
    attention_pairs,
    kv_capacity_tokens,
    prefill_alone_ns,
    prompt_ns,
    step_ns,
    token_ns,
)
from infertop.backends.fleet.scatter import Scatter
from infertop.backends.fleet.scheduler import Job
from infertop.backends.fleet.stacks import SramMachine, Stack


@dataclass(eq=False)
class Request:
    job: Job
    to_read: int
    left: int
    produced: int = 0

    @property
    def memory(self) -> int:
        return self.job.input_tokens + self.produced if not self.left else self.to_read + 1


@dataclass
class PlainRun:
    """Times of every request's chunks: {job id: [(end_ns, tokens), …]}."""

    chunks: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    preemptions: int = 0


def plain_run(stack: Stack, jobs: list[Job], seed: int) -> PlainRun:
    """Run `jobs` to the end."""
    scatter, machine, capacity = Scatter(stack.tail, seed, stack.id, 0), stack.machine, kv_capacity_tokens(stack)
    queue = [Request(job, job.input_tokens, job.input_tokens) for job in jobs]
    running: list[Request] = []
    batch = 0
    run, now_ns = PlainRun({job.id: [] for job in jobs}), 0
    most = machine.tokens_per_chunk if isinstance(machine, SramMachine) else 1

    while queue or running:
        if not running:
            now_ns = max(now_ns, queue[0].job.arrival_ns)
        preempted = False
        while True:
            decoding = [one for one in running if not one.left]
            tokens = min([most, *(one.job.output_tokens - one.produced for one in decoding)])
            if sum(one.memory for one in running) + tokens * len(decoding) <= capacity:
                break
            prompts = [one for one in running if one.left]
            youngest = (prompts or decoding)[-1]
            running.remove(youngest)
            youngest.to_read = youngest.left = youngest.to_read if youngest.left else youngest.memory
            queue.insert(0, youngest)
            run.preemptions += 1
            preempted = True
        closed = preempted or (stack.static_batching and bool(running))
        while not closed and queue and queue[0].job.arrival_ns <= now_ns and len(running) < stack.max_batch:
            free = capacity - sum(one.memory for one in running) - queue[0].to_read - 1
            if running and free < round(capacity * 0.01) + most * len(decoding):
                break
            running.append(queue.pop(0))
            batch = len(running) if stack.static_batching else 0

        prompts = [one for one in running if one.left]
        read: dict[Request, int] = {}
        if isinstance(machine, SramMachine):
            each_ns = token_ns(machine, len(decoding))
            duration_ns = tokens * each_ns
            if prompts:
                first_ns = min(prompt_ns(machine, one.left) for one in prompts)
                if not decoding:
                    duration_ns = min(duration_ns, first_ns)
                elif first_ns < duration_ns:
                    tokens = -(-first_ns // each_ns)
                    duration_ns = tokens * each_ns
            amount = max(1, round(duration_ns * machine.prefill_tok_s / NS_PER_S))
            read = {one: min(one.left, amount) for one in prompts}
        elif machine.prefill_budget_tokens is None and prompts:
            read = {prompts[0]: prompts[0].left}
            duration_ns = prefill_alone_ns(stack, machine, prompts[0].left)
            decoding = []
        else:
            budget, pairs = (machine.prefill_budget_tokens or 0) - len(decoding), 0
            for one in prompts:
                if budget > 0:
                    read[one] = min(one.left, budget)
                    pairs += attention_pairs(one.to_read - one.left, read[one])
                    budget -= read[one]
            context = sum(one.memory for one in decoding)
            alive = len(decoding) + len(read) if read else max(len(decoding), batch)
            work = Work(alive, len(decoding) if read else alive, context, sum(read.values()), pairs)
            duration_ns = step_ns(stack, machine, work)
        scatter.left()
        now_ns += max(1, round(duration_ns * scatter.listed[scatter.at]))
        scatter.at += 1

        for one in decoding:
            one.produced += tokens
            run.chunks[one.job.id].append((now_ns, tokens))
        for one, amount in read.items():
            one.left -= amount
            if not one.left:
                one.produced += 1
                run.chunks[one.job.id].append((now_ns, 1))
                running.remove(one)  # decoding requests stand in the order in which they began to
                running.insert(len([each for each in running if not each.left]), one)
        running = [one for one in running if one.produced < one.job.output_tokens]
    return run
