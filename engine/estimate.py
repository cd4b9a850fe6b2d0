"""What a run will cost, before anything is sent: its first prompts, priced, times as many as it will send.

Pure. Prompts are a function of the seed, so the first of them are the very ones that will be sent. Answers count at
the length each prompt asks for: shorter ones cost less.
"""

from typing import Final

import msgspec

from .cost import ApiPrice, api_usd, usd_per_hour
from .plan import ArrivalsPlan, BackendPlan, RunPlan
from .prompts import Prompt, PromptStream
from .purse import TokensAsked, most_tokens, worst_usd

SAMPLE: Final = 64
"""Prompts that are looked at; making one takes up to a millisecond."""


class BackendEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """One backend.

    Attributes:
        requests: how many will be sent, warm-up included; None where that depends on how fast it answers.
        input_tokens, output_tokens: of one request, on average.
        usd_per_request: at a price per token; else None.
        worst_usd_per_request: the most it could cost: what a budget sets aside for each in flight.
        usd_per_hour: of chips paid by the hour; else None.
        usd: for the whole run; None where the number of requests or the time is not known.
        worst_usd: likewise at the worst.
    """

    name: str
    requests: float | None
    input_tokens: float
    output_tokens: float
    usd_per_request: float | None = None
    worst_usd_per_request: float | None = None
    usd_per_hour: float | None = None
    usd: float | None = None
    worst_usd: float | None = None


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run; of backends without a price nothing is known.

    Attributes:
        budget_usd: the cap: the run stops before it is passed.
    """

    backends: tuple[BackendEstimate, ...]
    budget_usd: float | None = None

    @property
    def usd(self) -> float | None:
        """What all backends with a price are expected to cost; None where one of them cannot be told."""
        return _sum([each.usd for each in self.backends if _is_priced(each)])

    @property
    def worst_usd(self) -> float | None:
        """The most they could cost, budget or not."""
        return _sum([each.worst_usd for each in self.backends if _is_priced(each)])


def estimate(plan: RunPlan) -> Estimate:
    """What `plan` will cost; raises WorkloadError where its prompts cannot be made."""
    stream = PromptStream(plan.seed, plan.workload)
    wanted = SAMPLE if plan.requests is None else min(SAMPLE, plan.requests)
    prompts = [stream.prompt(index) for index in range(wanted)]
    return Estimate(
        backends=tuple(_backend(each, plan, prompts) for each in plan.backends), budget_usd=plan.budget_usd
    )


def expected_requests(arrivals: ArrivalsPlan, duration_s: float) -> float:
    """Requests that fall due within `duration_s` of an open loop."""
    if arrivals.kind != "ramp":
        return arrivals.rate_per_s * duration_s
    ramped_s = min(duration_s, arrivals.ramp_s)
    at_the_end = arrivals.rate_per_s + (arrivals.ramp_to_per_s - arrivals.rate_per_s) * ramped_s / arrivals.ramp_s
    return (arrivals.rate_per_s + at_the_end) / 2 * ramped_s + arrivals.ramp_to_per_s * (duration_s - ramped_s)


def _backend(backend: BackendPlan, plan: RunPlan, prompts: list[Prompt]) -> BackendEstimate:
    requests = _requests(backend, plan)
    made = BackendEstimate(
        name=backend.name,
        requests=requests,
        input_tokens=sum(prompt.expected_input_tokens for prompt in prompts) / len(prompts),
        output_tokens=sum(prompt.max_tokens for prompt in prompts) / len(prompts),
    )
    if backend.price is None:
        return made
    if isinstance(backend.price, ApiPrice):
        price = backend.price
        asked = [TokensAsked(prompt.max_tokens, prompt.expected_input_tokens) for prompt in prompts]
        mean = sum(api_usd(price, tokens) for tokens in asked) / len(prompts)
        worst = sum(worst_usd(price, most_tokens(prompt, backend.extra)) for prompt in prompts) / len(prompts)
        return msgspec.structs.replace(
            made,
            usd_per_request=mean,
            worst_usd_per_request=worst,
            usd=None if requests is None else mean * requests,
            worst_usd=None if requests is None else worst * requests,
        )
    hourly = usd_per_hour(backend.price)
    usd = None if hourly is None or plan.duration_s is None else hourly * plan.duration_s / 3600
    return msgspec.structs.replace(made, usd_per_hour=hourly, usd=usd, worst_usd=usd)


def _requests(backend: BackendPlan, plan: RunPlan) -> float | None:
    due = None if plan.requests is None else float(plan.requests)
    if plan.arrivals.kind != "closed" and plan.duration_s is not None:
        in_time = expected_requests(plan.arrivals, plan.duration_s)
        due = in_time if due is None else min(due, in_time)
    if backend.max_rate_per_s is not None and plan.duration_s is not None:
        most = backend.max_rate_per_s * plan.duration_s
        due = most if due is None else min(due, most)
    return None if due is None else due + plan.warmup


def _is_priced(each: BackendEstimate) -> bool:
    return each.usd_per_request is not None or each.usd_per_hour is not None


def _sum(amounts: list[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known and len(known) == len(amounts) else None
