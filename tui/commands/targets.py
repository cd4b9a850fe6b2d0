"""What a person typed to compare (a name of theirs, a URL, provider:model, sim:stack) as backends of a plan. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from ...backends.fleet.stacks import StackError, find_stack
from ...backends.price_files import PriceFileError
from ...backends.printable import printable
from ...backends.providers import PROVIDERS, Provider
from ...backends.urls import UrlError, base_url, root_url
from ...engine.cost import ApiPrice
from ...engine.listed import listed_api
from ...engine.plan import BackendPlan, RunPlan
from ...profiles.aliases import aliases
from ...profiles.problems import ProfileError, did_you_mean, suggestion
from ...profiles.schema import BackendEntry, backend_plan
from ..usage import UsageError

MOST_BACKENDS = 8
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def backend_plans(
    targets: Sequence[str],
    simulated: Sequence[BackendPlan],
    *,
    model: str = "",
    key: str = "",
    named: Sequence[BackendPlan] = (),
    environment: Mapping[str, str] | None = None,
) -> tuple[BackendPlan, ...]:
    """The backends that `targets` name, with display names of their own.

    Args:
        targets: as typed: `http://gpu1:8000`, `groq:openai/gpt-oss-120b`, `sim:h200`, a name of `named`.
        simulated: the simulated fleet's backends, which have a price; any other stack has none.
        model: asked of every URL; "" takes the first model each server lists.
        key: reference ("env:NAME") of the key sent to every URL; "" sends none.
        named: backends that are called by their names.
        environment: may say where a provider is (OLLAMA_HOST).

    Raises:
        UsageError: a target that is none of these.
    """
    if len(targets) > MOST_BACKENDS:
        raise UsageError(f"{len(targets)} backends are too many to compare side by side; at most {MOST_BACKENDS}")
    plans = {_called(plan.name): plan for plan in named}
    return _distinct(
        [
            plans.get(_called(target)) or _backend_plan(target, simulated, model, key, environment or {})
            for target in targets
        ]
    )


def is_name(target: str) -> bool:
    """Whether `target` can be a name of somebody's own: no URL, no `provider:model`, no file."""
    return not target.startswith("-") and not any(sign in target for sign in ":/.")


def named_backends() -> tuple[BackendPlan, ...]:
    """The backends of the user's own file (`profiles.aliases`); raises UsageError when something in it is wrong."""
    from ..cli import COMMANDS  # noqa: PLC0415  which loads the commands

    try:
        return aliases(COMMANDS)
    except ProfileError as error:
        raise UsageError(str(error)) from None


def only(plan: RunPlan, names: Sequence[str]) -> RunPlan:
    """`plan` with the backends called `names` alone, in their order there; raises UsageError for another name."""
    known = {_called(backend.name): backend for backend in plan.backends}
    for name in names:
        if _called(name) not in known:
            there = suggestion(_called(name), known)
            raise UsageError(f"{plan.title} has no backend called {printable(name, 60)!r}{there}")
    wanted = {_called(name) for name in names}
    backends = tuple(backend for called, backend in known.items() if called in wanted)
    return msgspec.structs.replace(plan, backends=backends)


def _called(name: str) -> str:
    """A name as it is typed: case and blanks do not matter."""
    return "-".join(name.casefold().split())


def _backend_plan(
    target: str, simulated: Sequence[BackendPlan], model: str, key: str, environment: Mapping[str, str]
) -> BackendPlan:
    scheme, colon, rest = target.partition(":")
    if colon and scheme == "sim":
        return _simulated(target, simulated)
    if colon and scheme in PROVIDERS:
        return _provided(PROVIDERS[scheme], rest, environment)
    if target.endswith(".toml"):
        raise UsageError(f"{target!r} is a session profile; write infertop run {target}")
    if colon and "//" not in target and not rest.partition("/")[0].isdecimal():
        raise UsageError(
            f"{target!r} is not a target{did_you_mean(scheme, [*PROVIDERS, 'sim'])}\n"
            f"targets are URLs (http://gpu1:8000), provider:model ({', '.join(PROVIDERS)}) and sim:stack (sim:h200)"
        )
    return _server(target, model, key)


def _server(typed: str, model: str, key: str) -> BackendPlan:
    try:
        url = base_url(typed)
    except UrlError as error:
        raise UsageError(str(error)) from None
    return BackendPlan(name=urlsplit(url).netloc, url=url, model=model, key=key)


def _simulated(target: str, simulated: Sequence[BackendPlan]) -> BackendPlan:
    for plan in simulated:
        if plan.url == target:
            return plan
    try:
        stack = find_stack(target.removeprefix("sim:"))
    except StackError as error:
        raise UsageError(f"{printable(target, 60)}: {error}") from None
    return backend_plan(BackendEntry(name=stack.title, sim=stack.id))


def _provided(provider: Provider, model: str, environment: Mapping[str, str]) -> BackendPlan:
    if not model:
        raise UsageError(f"{provider.id}: which model? for example {provider.id}:{provider.example_model}")
    return BackendPlan(
        name=provider.name,
        url=_place(provider, environment),
        model=model,
        api=provider.api_of(model),
        server=provider.id,
        key=f"env:{provider.key_variable}" if provider.key_variable else "",
        engine=provider.name if provider.id == "ollama" else f"{provider.name} API",
        price=_list_price(provider.id, model),
    )


def _place(provider: Provider, environment: Mapping[str, str]) -> str:
    """Where a provider is: as its variable says, where a port left out is its usual one, or where it always is."""
    typed = environment.get(provider.url_variable)
    if not typed:
        return provider.base_url
    try:
        url = root_url(typed)
    except UrlError as error:
        raise UsageError(f"{provider.url_variable}: {error}") from None
    if urlsplit(url).port or "://" in typed:
        return url
    return f"{url}:{urlsplit(provider.base_url).port}"


def _list_price(provider: str, model: str) -> ApiPrice | None:
    """The price in the book; one that has ended says so in its source."""
    try:
        return listed_api(provider, model)
    except PriceFileError as error:
        raise UsageError(str(error)) from None


def _distinct(plans: Sequence[BackendPlan]) -> tuple[BackendPlan, ...]:
    """The same backends; those of one name get the model added, then a number."""
    return _numbered(_with_models(plans))


def _with_models(plans: Sequence[BackendPlan]) -> list[BackendPlan]:
    times = Counter(plan.name for plan in plans)
    return [
        msgspec.structs.replace(plan, name=f"{plan.name} {plan.model.rsplit('/', 1)[-1]}")
        if times[plan.name] > 1 and plan.model
        else plan
        for plan in plans
    ]


def _numbered(plans: Sequence[BackendPlan]) -> tuple[BackendPlan, ...]:
    times = Counter(plan.name for plan in plans)
    seen: Counter[str] = Counter()
    numbered = []
    for plan in plans:
        seen[plan.name] += 1
        named = f"{plan.name} #{seen[plan.name]}" if times[plan.name] > 1 else plan.name
        numbered.append(msgspec.structs.replace(plan, name=named))
    return tuple(numbered)


def in_the_clear(plan: BackendPlan) -> bool:
    """Whether its key would cross a network unencrypted."""
    parts = urlsplit(plan.url)
    return bool(plan.key) and parts.scheme == "http" and parts.hostname not in _LOOPBACK
