"""Does a profile make sense? It has the right shape already; this looks at what its values say together."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from ..backends.fleet.stacks import STACKS
from ..backends.printable import printable
from ..engine.cost import OwnedPrice, Price
from ..engine.plan import ArrivalsPlan, SloPlan, WorkloadPlan
from ..engine.workloads import files
from ..engine.workloads.builtin import BUILTIN
from .durations import DurationError, parse_duration
from .problems import Problem, suggestion
from .schema import ArrivalsEntry, BackendEntry, Profile, RunEntry

_NEVER_ZERO = {"chips", "life_years", "availability", "pue"}
_KEY_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+")
_SECRET = re.compile(r"(sk|pk|gsk|csk|xai|hf|nvapi|tgp|AKIA)[-_][A-Za-z0-9_-]{8,}|AKIA[A-Z0-9]{8,}|Bearer\s.*")
_SECRET_NAME = re.compile(r"api[-_]?key|authorization|secret|password", re.IGNORECASE)
_HOW_TO_REFER = (
    'this looks like the key itself. A profile only says where it is: write key = "env:NAME" and set that '
    'environment variable, or key = "file:PATH"'
)


def sense_problems(profile: Profile) -> Iterator[Problem]:
    """Everything that makes no sense in `profile`; nothing here repeats a value that may be a secret."""
    if not profile.backends:
        yield Problem("backends", "there are none; add a [[backends]] table with a name and a url (or sim)")
    seen: dict[str, int] = {}
    for position, entry in enumerate(profile.backends):
        where = f"backends[{position}]"
        yield from _backend(entry, where)
        if entry.name in seen:
            yield Problem(
                f"{where}.name", f'"{printable(entry.name, 60)}" is the name of backends[{seen[entry.name]}] too'
            )
        seen.setdefault(entry.name, position)
    yield from _workload(profile.workload)
    yield from _arrivals(profile.arrivals)
    yield from _slo(profile.slo)
    yield from _run(profile.run)
    yield from _sharing(profile.run.workers, profile.arrivals)


def _backend(entry: BackendEntry, where: str) -> Iterator[Problem]:
    if not entry.name.strip() or not entry.name.isprintable():
        yield Problem(f"{where}.name", "must be a word or a few, without control characters")
    if entry.sim and entry.url:
        yield Problem(where, "has both url and sim; keep one")
    elif entry.sim:
        if entry.sim not in STACKS:
            yield Problem(f"{where}.sim", f"no such simulated stack{suggestion(entry.sim, STACKS)}")
        if entry.key:
            yield Problem(f"{where}.key", "the simulated fleet takes no key; remove it")
    elif entry.url:
        yield from _url(entry.url, f"{where}.url")
    else:
        yield Problem(where, 'has neither url nor sim; write url = "http://host:8000/v1" or sim = "h200"')
    if entry.key and not _is_reference(entry.key):
        yield Problem(f"{where}.key", _HOW_TO_REFER)
    for name, value in entry.extra.items():
        if _SECRET_NAME.search(name) or (isinstance(value, str) and _SECRET.match(value)):
            yield Problem(f"{where}.extra", f"{_HOW_TO_REFER}; then remove it from extra")
    if entry.price:
        yield from _price(entry.price, f"{where}.price")


def _is_reference(key: str) -> bool:
    return bool(_KEY_REFERENCE.fullmatch(key)) and not _SECRET.match(key.partition(":")[2])


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


def _price(price: Price, where: str) -> Iterator[Problem]:
    for name, value in msgspec.structs.asdict(price).items():
        if name in _NEVER_ZERO:
            yield from _above_zero(value, f"{where}.{name}")
        elif isinstance(value, float | int):
            yield from _from_zero(value, f"{where}.{name}")
    if isinstance(price, OwnedPrice):
        if price.availability > 1:
            yield Problem(f"{where}.availability", "is a share: above 0, at most 1")
        if price.residual_usd > price.capex_usd:
            yield Problem(f"{where}.residual_usd", "is more than capex_usd")


def _workload(workload: WorkloadPlan) -> Iterator[Problem]:
    if workload.source not in BUILTIN:
        path = Path(workload.source)
        if path.suffix.lower() not in files.SUFFIXES:
            hint = suggestion(workload.source, BUILTIN)
            endings = ", ".join(files.SUFFIXES)
            yield Problem("workload.source", f"no such workload, nor a file of prompts ({endings}){hint}")
        elif not path.is_file():
            yield Problem("workload.source", f"no such file: {printable(str(path))}")
    yield from _at_least_one(workload.max_tokens, "workload.max_tokens")
    yield from _from_zero(workload.temperature, "workload.temperature")


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


def _sharing(workers: int, arrivals: ArrivalsEntry) -> Iterator[Problem]:
    concurrency = ArrivalsPlan().concurrency if arrivals.concurrency is None else arrivals.concurrency
    if arrivals.kind == "closed" and 1 <= concurrency < workers:
        yield Problem(
            "run.workers",
            f"{workers} workers cannot share a concurrency of {concurrency}: each needs a prompt in flight",
        )


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
