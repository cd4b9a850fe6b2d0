"""A session profile as a person writes it, and how it becomes a plan and back.

Keys carry their units; lengths of time may be written "90s" or "1h30m". What is left out takes the plan's default.
"""

from pathlib import Path
from typing import Literal

import msgspec

from ..backends.fleet.faults import Fault
from ..backends.observe.plan import PowerPlan
from ..backends.prices import UnknownPriceError
from ..backends.printable import printable
from ..engine.cost import ApiPrice, OwnedPrice, RentedPrice
from ..engine.listed import listed_api, listed_hour
from ..engine.plan import ArrivalsPlan, BackendPlan, RunPlan, SloPlan, WorkloadPlan
from ..engine.workloads import mix
from ..engine.workloads.builtin import BUILTIN
from .durations import format_duration, parse_duration
from .what_if import stack_name, stack_of

_SIM = "sim:"


class BookPrice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="basis", tag="book"):
    """A price that the price book knows (`infertop prices`), with its date and source.

    Attributes:
        seller: who rents out the accelerator; without one, the provider that bills the backend's model.
        accelerator: "H200 SXM", "h200-sxm", or the start of one name only; "" is a price per token.
        chips: how many.
        terms: as the book's begin ("spot"); "" takes the first, on demand where there is that.
        utilisation: as `engine.cost.RentedPrice`'s.
        tier: of a price per token: "batch", "flex", "priority".
    """

    seller: str
    accelerator: str = ""
    chips: float = 1
    terms: str = ""
    utilisation: float | None = None
    tier: str = ""

    def found(self, model: str) -> ApiPrice | RentedPrice:
        """What the book says, for a backend that serves `model`; raises UnknownPriceError or PriceFileError."""
        if self.accelerator:
            return listed_hour(self.seller, self.accelerator, self.chips, self.terms, self.utilisation)
        price = listed_api(self.seller, model, self.tier)
        if price is None:
            tier = f" at the tier {printable(self.tier, 40)!r}" if self.tier else ""
            raise UnknownPriceError(
                f"the book has no price of {printable(model, 80)!r} at {printable(self.seller, 40)!r}{tier}; "
                "for chips by the hour name the accelerator"
            )
        return price


class BackendEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One `[[backends]]` table: an endpoint (`url`) or a stack of the simulated fleet (`sim`).

    Attributes:
        name: what a person calls it; unique in a profile.
        url: base URL up to and including `/v1` where there is one; "" for an `api` that knows its place.
        sim: a stack of the simulated fleet ("h200"), or one spelled out ("h100x4/llama-3.3-70b/fp8").
        chips, precision, replicas, batch, efficiency: of a simulated stack, in place of the usual ones
            (`backends.fleet.stacks`).
        faults: that a simulated stack injects (`backends.fleet.faults`).
        model: model name to ask for, which a simulated stack then serves; "" asks the server which it has and takes
            the first.
        api: the wire protocol (`backends.adapters.registry`); "" goes by what answers.
        server: what answers there (`backends.dialects`); "" is found out.
        key: where the API key is (`backends.credentials.FORMS`), never the key itself.
        hardware: what it runs on, in words; a simulated stack knows its own.
        engine: serving software, in words; likewise.
        price: by `basis`: "api", "rented" or "owned" (`engine.cost`), or "book".
        max_rate_per_s, max_concurrency, budget_usd: caps of this backend alone.
        extra: fields added to the request body.
        metrics_url, metrics_every_s: of the server's own metrics (`engine.plan.BackendPlan`).
        power: where its power comes from (`backends.observe.plan.PowerPlan`).
    """

    name: str
    url: str = ""
    sim: str = ""
    chips: int | None = None
    precision: str = ""
    replicas: int | None = None
    batch: int | None = None
    efficiency: float | None = None
    faults: tuple[Fault, ...] = ()
    model: str = ""
    api: str = ""
    server: str = ""
    key: str = ""
    hardware: str = ""
    engine: str = ""
    price: ApiPrice | RentedPrice | OwnedPrice | BookPrice | None = None
    max_rate_per_s: float | None = None
    max_concurrency: int | None = None
    budget_usd: float | None = None
    extra: dict[str, bool | int | float | str] = {}
    metrics_url: str = ""
    metrics_every_s: float = 1.0
    power: PowerPlan | None = None


class ArrivalsEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The `[arrivals]` table; each kind takes only its own keys (`engine.plan.ArrivalsPlan`).

    Attributes:
        ramp_over: how long a ramp takes to get from `rate_per_s` to `ramp_to_per_s`.
    """

    kind: Literal["closed", "constant", "poisson", "gamma", "ramp"] = "closed"
    concurrency: int | None = None
    rate_per_s: float | None = None
    cv: float | None = None
    ramp_to_per_s: float | None = None
    ramp_over: str | float | None = None


class RunEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The `[run]` table: how long, how much, with which seed, by how many processes, and where.

    Without duration and requests it runs until told.
    """

    duration: str | float | None = None
    requests: int | None = None
    warmup: int = 0
    seed: int = 1
    timeout: str | float = "120s"
    budget_usd: float | None = None
    workers: int = 1
    ray: str = ""


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole profile.

    Attributes:
        title: shown in the console's header; the profile's name if left out.
        description: one line for `infertop profiles list`.
    """

    title: str = ""
    description: str = ""
    backends: tuple[BackendEntry, ...] = ()
    workload: WorkloadPlan = WorkloadPlan()
    arrivals: ArrivalsEntry = ArrivalsEntry()
    slo: SloPlan = SloPlan()
    run: RunEntry = RunEntry()


def to_plan(profile: Profile, title: str) -> RunPlan:
    """What an engine runs; `title` (the profile's name) stands in for a title left out."""
    run = profile.run
    return RunPlan(
        title=profile.title or title,
        backends=tuple(map(backend_plan, profile.backends)),
        workload=profile.workload,
        arrivals=_arrivals_plan(profile.arrivals),
        slo=profile.slo,
        seed=run.seed,
        requests=run.requests,
        duration_s=None if run.duration is None else parse_duration(run.duration),
        warmup=run.warmup,
        timeout_s=parse_duration(run.timeout),
        budget_usd=run.budget_usd,
        workers=run.workers,
        ray=run.ray,
    )


def from_plan(plan: RunPlan, description: str = "") -> Profile:
    """The profile that says the same as `plan`, wherever it is saved."""
    return Profile(
        title=plan.title,
        description=description,
        backends=tuple(map(_backend_entry, plan.backends)),
        workload=with_prompts_from(Path.cwd(), plan.workload),
        arrivals=_arrivals_entry(plan.arrivals),
        slo=plan.slo,
        run=RunEntry(
            duration=None if plan.duration_s is None else format_duration(plan.duration_s),
            requests=plan.requests,
            warmup=plan.warmup,
            seed=plan.seed,
            timeout=format_duration(plan.timeout_s),
            budget_usd=plan.budget_usd,
            workers=plan.workers,
            ray=plan.ray,
        ),
    )


def with_prompts_from(folder: Path, workload: WorkloadPlan) -> WorkloadPlan:
    """`workload` with its files of prompts, if any, as absolute paths; relative ones begin at `folder`."""

    def place(name: str) -> str:
        path = Path(name)
        return name if name in BUILTIN or not path.suffix else str(folder.absolute() / path.expanduser())

    return msgspec.structs.replace(workload, source=mix.renamed(workload.source, place))


def backend_plan(entry: BackendEntry) -> BackendPlan:
    """The backend that `entry` describes, once it was checked."""
    stack = stack_of(entry)
    return BackendPlan(
        name=entry.name,
        url=f"{_SIM}{stack_name(entry)}" if entry.sim else entry.url,
        faults=entry.faults,
        model=model_of(entry),
        api=entry.api,
        server=entry.server,
        key=entry.key,
        hardware=entry.hardware or (stack.title if stack else ""),
        engine=entry.engine or (stack.engine if stack else ""),
        price=entry.price.found(model_of(entry)) if isinstance(entry.price, BookPrice) else entry.price,
        max_rate_per_s=entry.max_rate_per_s,
        max_concurrency=entry.max_concurrency,
        budget_usd=entry.budget_usd,
        extra=entry.extra,
        metrics_url=entry.metrics_url,
        metrics_every_s=entry.metrics_every_s,
        power=entry.power,
    )


def model_of(entry: BackendEntry) -> str:
    """The model a backend is asked for, "" if the server is to name one."""
    stack = stack_of(entry)
    return entry.model or (stack.model.name if stack else "")


def _backend_entry(plan: BackendPlan) -> BackendEntry:
    simulated = plan.url.startswith(_SIM)
    return BackendEntry(
        name=plan.name,
        url="" if simulated else plan.url,
        sim=plan.url.removeprefix(_SIM) if simulated else "",
        faults=plan.faults,
        model=plan.model,
        api=plan.api,
        server=plan.server,
        key=plan.key,
        hardware=plan.hardware,
        engine=plan.engine,
        price=plan.price,
        max_rate_per_s=plan.max_rate_per_s,
        max_concurrency=plan.max_concurrency,
        budget_usd=plan.budget_usd,
        extra=plan.extra,
        metrics_url=plan.metrics_url,
        metrics_every_s=plan.metrics_every_s,
        power=plan.power,
    )


def _arrivals_plan(entry: ArrivalsEntry) -> ArrivalsPlan:
    given = {
        "concurrency": entry.concurrency,
        "rate_per_s": entry.rate_per_s,
        "cv": entry.cv,
        "ramp_to_per_s": entry.ramp_to_per_s,
        "ramp_s": None if entry.ramp_over is None else parse_duration(entry.ramp_over),
    }
    plan = ArrivalsPlan(kind=entry.kind)
    return msgspec.structs.replace(plan, **{key: value for key, value in given.items() if value is not None})


def _arrivals_entry(plan: ArrivalsPlan) -> ArrivalsEntry:
    if plan.kind == "closed":
        return ArrivalsEntry(concurrency=plan.concurrency)
    ramp = plan.kind == "ramp"
    return ArrivalsEntry(
        kind=plan.kind,
        rate_per_s=plan.rate_per_s,
        cv=plan.cv if plan.kind == "gamma" else None,
        ramp_to_per_s=plan.ramp_to_per_s if ramp else None,
        ramp_over=format_duration(plan.ramp_s) if ramp else None,
    )
