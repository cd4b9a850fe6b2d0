"""What to run, complete and typed: the one message an engine process starts from.

Profiles and command lines end as a `RunPlan`; nothing here holds a secret (`BackendPlan.key` is a reference).
"""

from typing import Literal

import msgspec

from ..backends.fleet.faults import Fault
from ..backends.observe.plan import PowerPlan
from .cost import Price


class BackendPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One endpoint.

    Attributes:
        name: what a person calls it; unique in a run.
        url: base URL up to and including `/v1` where there is one, or `sim:STACK` for the simulated fleet.
        model: model name to ask for; "" asks the server which it has and takes the first.
        api: which adapter speaks to it (`backends.adapters.registry`); "" goes by what answers there.
        server: what answers there, an id of `backends.dialects`; "" is found out before the first prompt.
        key: where the API key is (`backends.credentials.FORMS`); "" sends none.
        hardware: what it runs on, in words ("H200 ×4").
        engine: serving software, in words ("vLLM").
        price: None when unknown: no cost is shown.
        faults: injected by the simulated fleet; a real server has its own.
        max_rate_per_s: never send it more; what falls due above that is not sent.
        max_concurrency: never have more in flight there; likewise.
        budget_usd: stop sending to it, and to it alone, before what it bills passes this.
        extra: fields added to the request body.
        metrics_url: where the server's metrics are; "" looks beside `url` unless that is a provider's API, "off"
            nowhere.
        metrics_every_s: how often to fetch them.
        power: where its power comes from; None takes what the server's metrics tell, else the hardware's model.
    """

    name: str
    url: str
    model: str = ""
    api: str = ""
    server: str = ""
    key: str = ""
    hardware: str = ""
    engine: str = ""
    price: Price | None = None
    faults: tuple[Fault, ...] = ()
    max_rate_per_s: float | None = None
    max_concurrency: int | None = None
    budget_usd: float | None = None
    extra: dict[str, bool | int | float | str] = {}
    metrics_url: str = ""
    metrics_every_s: float = 1.0
    power: PowerPlan | None = None


class WorkloadPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which prompts.

    Attributes:
        source: a built-in workload's name, the path of a file of prompts, or a mix of these with the weight of each
            (`chat:0.7+classification:0.3`).
        max_tokens: cap on output tokens; None takes the workload's own length for each prompt.
        fixed_length: ask for exactly that many tokens where the server can.
        prefix: "unique" defeats prompt caches, "shared" invites them.
        temperature: 0 is greedy.
        prompt_cv: coefficient of variation of prompt lengths, their mean kept (0: all equal); None leaves a built-in
            workload's own. Prompts of a file have the lengths they have.
    """

    source: str = "chat"
    max_tokens: int | None = None
    fixed_length: bool = False
    prefix: Literal["unique", "shared"] = "unique"
    temperature: float = 0.0
    prompt_cv: float | None = None


class ArrivalsPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When requests are sent.

    Attributes:
        kind: "closed" keeps `concurrency` requests in flight per backend; the others are open loop at
            `rate_per_s` to every backend at the same moments.
        concurrency: closed loop only.
        rate_per_s: open loop only; the starting rate of a ramp.
        cv: coefficient of variation of gaps, "gamma" only (1 is Poisson, above it bursts).
        ramp_to_per_s: "ramp" only, the final rate.
        ramp_s: "ramp" only, how long it takes to get there; it stays there.
    """

    kind: Literal["closed", "constant", "poisson", "gamma", "ramp"] = "closed"
    concurrency: int = 8
    rate_per_s: float = 4.0
    cv: float = 1.0
    ramp_to_per_s: float = 0.0
    ramp_s: float = 60.0


class SloPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a good request is; a limit that is None does not count. `attainment` makes it a gate (exit code 3)."""

    ttft_ms: float | None = None
    tpot_ms: float | None = None
    e2e_ms: float | None = None
    attainment: float | None = None


class RunPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole run.

    Attributes:
        title: profile name or what was typed.
        requests: stop after this many prompts a backend; None has no limit.
        duration_s: stop sending after this long; None has no limit.
        warmup: prompts a backend answers before the measured window opens (drained, never counted).
        budget_usd: stop sending before the API spend passes this.
        workers: engine processes that share the prompts: worker k of W takes those with index mod W = k
            (`engine.share`).
        ray: the Ray cluster that runs them (`engine.cluster.address`); "" is this machine.
    """

    title: str = ""
    backends: tuple[BackendPlan, ...]
    workload: WorkloadPlan = WorkloadPlan()
    arrivals: ArrivalsPlan = ArrivalsPlan()
    slo: SloPlan = SloPlan()
    seed: int = 1
    requests: int | None = None
    duration_s: float | None = None
    warmup: int = 0
    timeout_s: float = 120.0
    budget_usd: float | None = None
    workers: int = 1
    ray: str = ""
