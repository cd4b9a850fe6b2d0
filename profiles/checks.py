"""Does a profile make sense? It has the right shape already; this looks at what its values say together."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from ..backends.adapters.registry import ADAPTERS, PLACED
from ..backends.credentials import is_reference
from ..backends.dialects import DIALECTS
from ..backends.price_files import PriceFileError
from ..backends.prices import UnknownPriceError
from ..backends.printable import printable
from ..backends.providers import PROVIDERS
from ..engine.cluster.address import FORMS as CLUSTER_FORMS
from ..engine.cluster.address import is_address
from ..engine.cost import ApiPrice, OwnedPrice, Price
from ..engine.plan import ArrivalsPlan, SloPlan, WorkloadPlan
from ..engine.purse import limits_output
from ..engine.workloads import WorkloadError, files
from ..engine.workloads.builtin import BUILTIN
from ..engine.workloads.lengths import MOST_CV
from ..engine.workloads.mix import parts
from .durations import DurationError, parse_duration
from .observe_checks import metrics_problems, power_problems
from .problems import Problem, suggestion
from .schema import ArrivalsEntry, BackendEntry, BookPrice, Profile, RunEntry, model_of
from .what_if import stack_problems

_NEVER_ZERO = {"chips", "life_years", "pue"}
_SECRET = re.compile(r"(sk|pk|gsk|csk|xai|hf|nvapi|tgp|AKIA)[-_][A-Za-z0-9_-]{8,}|AKIA[A-Z0-9]{8,}|Bearer\s.*")
_SECRET_NAME = re.compile(r"api[-_]?key|authorization|secret|password", re.IGNORECASE)
_HOW_TO_REFER = (
    'this looks like the key itself. A profile only says where it is: write key = "env:NAME" and set that '
    'environment variable, or key = "file:PATH", or key = "keyring:SERVICE/NAME"'
)


def sense_problems(profile: Profile) -> Iterator[Problem]:
    """Everything that makes no sense in `profile`; nothing here repeats a value that may be a secret."""
    if not profile.backends:
        yield Problem("backends", "there are none; add a [[backends]] table with a name and a url (or sim)")
    yield from backends_problems(profile.backends)
    yield from workload_problems(profile.workload)
    yield from _arrivals(profile.arrivals)
    yield from _slo(profile.slo)
    yield from _run(profile.run)
    yield from _sharing(profile.run.workers, profile.arrivals)
    yield from _caps_shared(profile.run.workers, profile.backends)


def backends_problems(entries: tuple[BackendEntry, ...]) -> Iterator[Problem]:
    """Everything that makes no sense in the `[[backends]]` tables."""
    seen: dict[str, int] = {}
    for position, entry in enumerate(entries):
        where = f"backends[{position}]"
        yield from _backend(entry, where)
        if entry.name in seen:
            yield Problem(
                f"{where}.name", f'"{printable(entry.name, 60)}" is the name of backends[{seen[entry.name]}] too'
            )
        seen.setdefault(entry.name, position)


def _backend(entry: BackendEntry, where: str) -> Iterator[Problem]:
    if not entry.name.strip() or not entry.name.isprintable():
        yield Problem(f"{where}.name", "must be a word or a few, without control characters")
    if entry.sim and entry.url:
        yield Problem(where, "has both url and sim; keep one")
    elif entry.sim:
        if entry.key:
            yield Problem(f"{where}.key", "the simulated fleet takes no key; remove it")
    elif entry.url:
        yield from _url(entry.url, f"{where}.url")
    elif entry.api not in PLACED:
        yield Problem(where, 'has neither url nor sim; write url = "http://host:8000/v1" or sim = "h200"')
    yield from stack_problems(entry, where)
    if entry.key and not _is_reference(entry.key):
        yield Problem(f"{where}.key", _HOW_TO_REFER)
    for name, value in entry.extra.items():
        if _SECRET_NAME.search(name) or (isinstance(value, str) and _SECRET.match(value)):
            yield Problem(f"{where}.extra", f"{_HOW_TO_REFER}; then remove it from extra")
    yield from _protocol(entry, where)
    yield from _money_and_caps(entry, where)
    yield from metrics_problems(entry.metrics_url, entry.metrics_every_s, where)
    if entry.power:
        yield from power_problems(entry.power, f"{where}.power")


def _protocol(entry: BackendEntry, where: str) -> Iterator[Problem]:
    if entry.api and entry.api not in ADAPTERS:
        yield Problem(f"{where}.api", f"no such protocol{suggestion(entry.api, ADAPTERS)}")
    if entry.server and entry.server not in {**DIALECTS, **PROVIDERS}:
        yield Problem(f"{where}.server", f"no such server or provider{suggestion(entry.server, DIALECTS)}")


def _money_and_caps(entry: BackendEntry, where: str) -> Iterator[Problem]:
    if entry.price:
        yield from price_problems(entry.price, model_of(entry), f"{where}.price")
    for name, value in entry.extra.items():
        if value == "" and limits_output(name) and _bills_tokens(entry):
            yield Problem(f"{where}.extra", f"without {printable(name, 40)} no budget can hold what is billed")
    yield from _above_zero(entry.max_rate_per_s, f"{where}.max_rate_per_s")
    yield from _at_least_one(entry.max_concurrency, f"{where}.max_concurrency")
    yield from _above_zero(entry.budget_usd, f"{where}.budget_usd")
    if entry.budget_usd is not None and entry.price is None:
        yield Problem(f"{where}.budget_usd", "nothing can be held to it without a price")


def price_problems(price: Price | BookPrice, model: str, where: str) -> Iterator[Problem]:
    """What makes no sense in a price of `model`."""
    if isinstance(price, BookPrice):
        yield from _book_price(price, model, where)
    else:
        yield from _price(price, where)


def _is_reference(key: str) -> bool:
    return is_reference(key) and not _SECRET.match(key.partition(":")[2])


def _url(url: str, where: str) -> Iterator[Problem]:
    if url.startswith("sim:"):
        yield Problem(where, f'for the simulated fleet write sim = "{printable(url.removeprefix("sim:"), 40)}"')
        return
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        yield Problem(where, "must begin with http:// or https:// and name a host")
    elif "@" in parts.netloc or parts.query or parts.fragment:
        yield Problem(where, 'must not hold a user, password or query; a key goes into key = "env:NAME"')


def _bills_tokens(entry: BackendEntry) -> bool:
    price = entry.price
    return isinstance(price, ApiPrice) or (isinstance(price, BookPrice) and not price.accelerator)


def _book_price(price: BookPrice, model: str, where: str) -> Iterator[Problem]:
    for name in ("chips", "terms", "utilisation") if not price.accelerator else ("tier",):
        if getattr(price, name) != getattr(BookPrice(seller=""), name):
            kind = "chips rented by the hour: name the accelerator" if not price.accelerator else "a price per token"
            yield Problem(f"{where}.{name}", f"belongs to {kind}")
    yield from _above_zero(price.chips, f"{where}.chips")
    yield from _share(price.utilisation, f"{where}.utilisation")
    if not price.accelerator and not model:
        yield Problem(where, "the book needs the model's name: write model, or name the accelerator")
        return
    try:
        price.found(model)
    except (UnknownPriceError, PriceFileError) as error:
        yield Problem(where, str(error))


def _price(price: Price, where: str) -> Iterator[Problem]:
    for name, value in msgspec.structs.asdict(price).items():
        if name in _NEVER_ZERO:
            yield from _above_zero(value, f"{where}.{name}")
        elif name == "utilisation":
            yield from _share(value, f"{where}.{name}")
        elif isinstance(value, float | int):
            yield from _from_zero(value, f"{where}.{name}")
    if isinstance(price, OwnedPrice):
        yield from _share(price.availability, f"{where}.availability")
        if price.residual_usd > price.capex_usd:
            yield Problem(f"{where}.residual_usd", "is more than capex_usd")


def workload_problems(workload: WorkloadPlan) -> Iterator[Problem]:
    """What makes no sense in where prompts come from."""
    try:
        names = [part.source for part in parts(workload.source)]
    except WorkloadError as error:
        yield Problem("workload.source", str(error))
        names = []
    own = [name for name in names if name not in BUILTIN]
    for name in own:
        path = Path(name)
        if path.suffix.lower() not in files.SUFFIXES:
            hint = suggestion(name, BUILTIN)
            endings = ", ".join(files.SUFFIXES)
            yield Problem("workload.source", f"no such workload, nor a file of prompts ({endings}){hint}")
        elif not path.is_file():
            yield Problem("workload.source", f"no such file: {printable(str(path))}")
    yield from _at_least_one(workload.max_tokens, "workload.max_tokens")
    yield from _from_zero(workload.temperature, "workload.temperature")
    if workload.prompt_cv is not None:
        if not 0 <= workload.prompt_cv <= MOST_CV:
            yield Problem("workload.prompt_cv", f"must be from 0 (all equal) to {MOST_CV:g}")
        if own:
            yield Problem("workload.prompt_cv", "is for built-in workloads: a file's prompts are sent as they stand")


def _arrivals(arrivals: ArrivalsEntry) -> Iterator[Problem]:
    kind = arrivals.kind
    if kind == "closed":
        if arrivals.rate_per_s is not None:
            yield Problem(
                "arrivals.rate_per_s",
                'a closed loop has no rate: it sends when an answer ends. Write kind = "poisson" (or "constant"), '
                "or concurrency instead",
            )
    else:
        if arrivals.concurrency is not None:
            yield Problem("arrivals.concurrency", f'only kind = "closed" has it; "{kind}" has rate_per_s')
        if arrivals.rate_per_s is None:
            yield Problem("arrivals.rate_per_s", f'is missing: kind = "{kind}" needs requests per second')
    if arrivals.cv is not None and kind != "gamma":
        yield Problem("arrivals.cv", 'only kind = "gamma" has it')
    for name in ("ramp_to_per_s", "ramp_over"):
        if getattr(arrivals, name) is not None and kind != "ramp":
            yield Problem(f"arrivals.{name}", 'only kind = "ramp" has it')
    if kind == "ramp":
        yield from _from_zero(arrivals.rate_per_s, "arrivals.rate_per_s")
        if arrivals.ramp_to_per_s is None:
            yield Problem("arrivals.ramp_to_per_s", "is missing: the rate at the end of the ramp")
    else:
        yield from _above_zero(arrivals.rate_per_s, "arrivals.rate_per_s")
    yield from _at_least_one(arrivals.concurrency, "arrivals.concurrency")
    yield from _above_zero(arrivals.cv, "arrivals.cv")
    yield from _above_zero(arrivals.ramp_to_per_s, "arrivals.ramp_to_per_s")
    yield from _duration(arrivals.ramp_over, "arrivals.ramp_over")


def _slo(slo: SloPlan) -> Iterator[Problem]:
    for name, limit in msgspec.structs.asdict(slo).items():
        yield from _above_zero(limit, f"slo.{name}")
    if slo.attainment is None:
        return
    if slo.attainment > 1:
        yield Problem("slo.attainment", "is a share of the requests: above 0, at most 1 (0.99)")
    if slo.ttft_ms is None and slo.tpot_ms is None and slo.e2e_ms is None:
        yield Problem("slo.attainment", "needs a limit to attain: ttft_ms, tpot_ms or e2e_ms")


def _run(run: RunEntry) -> Iterator[Problem]:
    yield from _duration(run.duration, "run.duration")
    yield from _duration(run.timeout, "run.timeout")
    yield from _at_least_one(run.requests, "run.requests")
    yield from _from_zero(run.warmup, "run.warmup")
    yield from _from_zero(run.seed, "run.seed")
    yield from _above_zero(run.budget_usd, "run.budget_usd")
    yield from _at_least_one(run.workers, "run.workers")
    if run.ray and not is_address(run.ray):
        yield Problem("run.ray", f'"{printable(run.ray, 60)}" names no Ray cluster; write {CLUSTER_FORMS}')


def _sharing(workers: int, arrivals: ArrivalsEntry) -> Iterator[Problem]:
    concurrency = ArrivalsPlan().concurrency if arrivals.concurrency is None else arrivals.concurrency
    if arrivals.kind == "closed" and 1 <= concurrency < workers:
        yield Problem(
            "run.workers",
            f"{workers} workers cannot share a concurrency of {concurrency}: each needs a prompt in flight",
        )


def _caps_shared(workers: int, backends: tuple[BackendEntry, ...]) -> Iterator[Problem]:
    for position, entry in enumerate(backends):
        if entry.max_concurrency is not None and 1 <= entry.max_concurrency < workers:
            yield Problem(
                f"backends[{position}].max_concurrency",
                f"{workers} workers cannot share {entry.max_concurrency} in flight: each needs one of its own",
            )


def _share(value: float | None, where: str) -> Iterator[Problem]:
    if value is not None and not 0 < value <= 1:
        yield Problem(where, "is a share: above 0, at most 1")


def _above_zero(value: float | None, where: str) -> Iterator[Problem]:
    if value is not None and not 0 < value < math.inf:
        yield Problem(where, "must be above 0")


def _from_zero(value: float | None, where: str) -> Iterator[Problem]:
    if value is not None and not 0 <= value < math.inf:
        yield Problem(where, "must not be negative")


def _at_least_one(value: int | None, where: str) -> Iterator[Problem]:
    if value is not None and value < 1:
        yield Problem(where, "must be 1 or more")


def _duration(value: str | float | None, where: str) -> Iterator[Problem]:
    if value is not None:
        try:
            parse_duration(value)
        except DurationError as error:
            yield Problem(where, str(error))
