"""What a run was set to, as words by name, and what it means when two runs differ in them."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from ...backends.printable import printable
from ...engine.cost import ApiPrice, OwnedPrice, Price
from ...engine.frame import BackendFrame, Frame
from ...engine.plan import ArrivalsPlan, BackendPlan, SloPlan, WorkloadPlan
from ..figures import usd
from ..imports.session import NOT_SAID
from ..journal.facts import Facts
from ..summary import Backend, Document

MATTERS: Final = {
    "measured by": "different tools define and stamp latencies differently",
    "time": "one of them ran in virtual time, the other did not",
    "workload": "different prompts: latencies and costs are of different work",
    "load": "a different load: latency and throughput move with it",
    "SLO": "attainment and goodput count against different limits",
    "label": "a simulated backend against a real one says nothing about either",
    "model": "another model",
    "tokens": "tokens were counted in different ways: TPOT, tok/s and $/M are not alike",
    "price": "another price: $/M differs by that alone",
    "faults": "different faults were injected",
}
"""Settings whose change bears on the comparison, and how."""

_ABSENT_IS_NONE: Final = ("time", "SLO", "faults")
"""Settings of which nothing said means that there is none; of others, that it is not known."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One setting that differs.

    Attributes:
        backend: "" for the run as a whole.
        what: name of the setting.
        a, b: what it was; "" where it was not.
        matters: what that means for the comparison; "" if nothing beyond itself.
    """

    backend: str = ""
    what: str
    a: str
    b: str
    matters: str = ""


def changes(a: Sequence[dict[str, str]], b: Sequence[dict[str, str]], backend: str = "") -> list[Change]:
    """What differs between two sides; runs of one side that differ among themselves show all they were."""
    names = dict.fromkeys(name for each in (*a, *b) for name in each)
    found = []
    for name in names:
        before, after = _said(each.get(name, "") for each in a), _said(each.get(name, "") for each in b)
        if before != after:
            is_known = (before and after) or name in _ABSENT_IS_NONE
            matters = MATTERS.get(name, "") if is_known else ""
            found.append(Change(backend=backend, what=name, a=before, b=after, matters=matters))
    return found


def uneven(runs: Sequence[dict[str, str]]) -> list[str]:
    """Settings in which repeats of one side differ though they should not; a seed may."""
    names = dict.fromkeys(name for each in runs for name in each)
    return [name for name in names if name != "seed" and len({each.get(name, "") for each in runs}) > 1]


def of_run(last: Frame, facts: Facts | None) -> dict[str, str]:
    """Of a run that was recorded, or whose frames are at hand."""
    said = {
        "measured by": facts.source or "infertop" if facts else "",
        "infertop": facts.infertop if facts and not facts.source else "",
        "time": "virtual" if last.virtual else "",
        "workload": _workload(last.workload),
        "load": _load(last.arrivals),
        "seed": "" if facts and facts.source and not last.seed else str(last.seed),
        "length": _length(last.requests, last.duration_s),
        "SLO": _slo(last.slo),
    }
    if facts is not None:
        plan = facts.plan
        said |= {
            "warm-up": f"{plan.warmup} prompts" if plan.warmup else "",
            "timeout": "" if facts.source else f"{plan.timeout_s:g} s",
            "workers": str(plan.workers) if plan.workers > 1 else "",
            "cluster": plan.ray,
            **{f"machine {key}": value for key, value in facts.machine.items()},
        }
    return _safe(said)


def of_document(summary: Document) -> dict[str, str]:
    """Of a run of which there is a summary only."""
    run = summary.run
    return _safe(
        {
            "measured by": "infertop",
            "infertop": summary.infertop,
            "time": "virtual" if run.virtual else "",
            "workload": _workload(run.workload),
            "load": _load(run.arrivals),
            "seed": str(run.seed),
            "SLO": _slo(run.slo),
            "workers": str(summary.client.workers) if summary.client.workers > 1 else "",
        }
    )


def of_backend(backend: BackendFrame, plan: BackendPlan | None) -> dict[str, str]:
    """Of one backend."""
    former = reversed(backend.former_prices)
    said = {
        "label": backend.label,
        "url": backend.url,
        "model": backend.served_model or backend.model,
        "hardware": backend.hardware,
        "engine": backend.engine,
        "price": "".join((_price(backend.price), *(f" after {_price(each.price) or 'none'}" for each in former))),
        "tokens": backend.token_source,
        "stamps": backend.stamp,
        "power": backend.power.source if backend.power else "",
    }
    if plan is not None:
        said |= {
            "api": plan.api,
            "faults": ", ".join(str(fault.kind) for fault in plan.faults),
            "most in flight": str(plan.max_concurrency or ""),
            "most sent": f"{plan.max_rate_per_s:g}/s" if plan.max_rate_per_s else "",
            "extra": ", ".join(f"{key}={value}" for key, value in plan.extra.items()),
        }
    return _safe(said)


def of_summary(backend: Backend) -> dict[str, str]:
    """Of one backend in a summary."""
    cost = backend.cost
    price = f"{cost.basis}, {cost.price_as_of or 'undated'}" if cost.basis else ""
    return _safe(
        {
            "label": backend.label,
            "url": backend.url,
            "model": backend.model,
            "hardware": backend.hardware,
            "engine": backend.engine,
            "price": price,
            "tokens": backend.tokens.source,
            "power": "" if backend.energy.source == "n/a" else backend.energy.source,
        }
    )


def _said(values: Iterable[str]) -> str:
    return " | ".join(dict.fromkeys(values))


def _safe(said: dict[str, str]) -> dict[str, str]:
    return {printable(key, 40): printable(value, 120) for key, value in said.items() if value}


def _workload(plan: WorkloadPlan) -> str:
    if plan.source == NOT_SAID:
        return ""
    words = [plan.source]
    if plan.max_tokens is not None:
        words.append(f"{'exactly' if plan.fixed_length else 'at most'} {plan.max_tokens} tokens")
    elif plan.fixed_length:
        words.append("exact lengths")
    if plan.prefix != "unique":
        words.append(f"{plan.prefix} prefix")
    if plan.temperature:
        words.append(f"temperature {plan.temperature:g}")
    if plan.prompt_cv is not None:
        words.append(f"prompt cv {plan.prompt_cv:g}")
    return ", ".join(words)


def _load(plan: ArrivalsPlan) -> str:
    match plan.kind:
        case "closed":
            return f"{plan.concurrency} in flight"
        case "gamma":
            return f"{plan.rate_per_s:g}/s gamma, cv {plan.cv:g}"
        case "ramp":
            return f"{plan.rate_per_s:g} to {plan.ramp_to_per_s:g}/s in {plan.ramp_s:g} s"
        case _:
            return f"{plan.rate_per_s:g}/s {plan.kind}"


def _length(requests: int | None, duration_s: float | None) -> str:
    said = [f"{requests:,} prompts"] if requests is not None else []
    return ", ".join([*said, f"{duration_s:g} s"] if duration_s is not None else said)


def _slo(plan: SloPlan) -> str:
    limits = {"TTFT": plan.ttft_ms, "TPOT": plan.tpot_ms, "E2E": plan.e2e_ms}
    return ", ".join(f"{name} {limit:g} ms" for name, limit in limits.items() if limit is not None)


def _price(price: Price | None) -> str:
    if price is None:
        return ""
    dated = f", {price.as_of}" if price.as_of else ""
    if isinstance(price, ApiPrice):
        return f"{usd(price.usd_per_m_input)} in, {usd(price.usd_per_m_output)} out a million{dated}"
    if isinstance(price, OwnedPrice):
        return f"{price.chips:g} owned chips at {usd(price.capex_usd)}{dated}"
    return f"{price.chips:g} chips at {usd(price.usd_per_chip_hour)}/h{dated}"
