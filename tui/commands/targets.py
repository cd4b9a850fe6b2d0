"""What a person typed to compare (a URL, provider:model, sim:stack) as backends of a plan. Pure."""

from collections import Counter
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from ...backends.providers import PROVIDERS, Provider, list_price
from ...backends.urls import UrlError, base_url
from ...engine.cost import ApiPrice
from ...engine.plan import BackendPlan
from ...profiles.problems import did_you_mean
from ..usage import UsageError

MOST_BACKENDS = 8
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def backend_plans(
    targets: Sequence[str], simulated: Sequence[BackendPlan], *, model: str = "", key: str = ""
) -> tuple[BackendPlan, ...]:
    """The backends that `targets` name, with display names of their own.

    Args:
        targets: as typed: `http://gpu1:8000`, `groq:openai/gpt-oss-120b`, `sim:h200`.
        simulated: the simulated fleet's backends, which `sim:` picks from.
        model: asked of every URL; "" takes the first model each server lists.
        key: reference ("env:NAME") of the key sent to every URL; "" sends none.

    Raises:
        UsageError: a target that is none of these.
    """
    if len(targets) > MOST_BACKENDS:
        raise UsageError(f"{len(targets)} backends are too many to compare side by side; at most {MOST_BACKENDS}")
    return _distinct([_backend_plan(target, simulated, model, key) for target in targets])


def _backend_plan(target: str, simulated: Sequence[BackendPlan], model: str, key: str) -> BackendPlan:
    scheme, colon, rest = target.partition(":")
    if colon and scheme == "sim":
        return _simulated(target, simulated)
    if colon and scheme in PROVIDERS:
        return _hosted(PROVIDERS[scheme], rest)
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
    targets = [plan.url for plan in simulated]
    hint = did_you_mean(target, targets) or f"; there are {', '.join(targets)}"
    raise UsageError(f"{target!r} is not a simulated stack{hint}")


def _hosted(provider: Provider, model: str) -> BackendPlan:
    if not model:
        raise UsageError(f"{provider.id}: which model? for example {provider.id}:{provider.example_model}")
    return BackendPlan(
        name=provider.name,
        url=provider.base_url,
        model=model,
        key=f"env:{provider.key_variable}",
        engine=f"{provider.name} API",
        price=_list_price(provider, model),
    )


def _list_price(provider: Provider, model: str) -> ApiPrice | None:
    """The price in the book; one that has ended says so in its source."""
    listed = list_price(provider.id, model)
    if listed is None:
        return None
    return ApiPrice(
        usd_per_m_input=listed.usd_per_m_input,
        usd_per_m_output=listed.usd_per_m_output,
        usd_per_m_cached=listed.usd_per_m_cached,
        as_of=listed.as_of,
        source=listed.source if listed.status == "current" else f"{listed.source}, {listed.status}",
    )


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
