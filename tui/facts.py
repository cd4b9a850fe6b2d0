"""What a backend is, what became of its requests, and where each of its figures comes from: in words, by subject."""

from dataclasses import dataclass
from typing import Final

from ..backends.printable import printable
from ..engine.energy import (
    j_per_output_token,
    j_per_request,
    mean_kv_cache_share,
    mean_running,
    mean_waiting,
    mean_watts,
    prefix_hit_share,
)
from ..engine.figures import (
    attainment,
    goodput_per_s,
    shared_read_share,
    usd_per_m_good,
    usd_per_m_output,
    usd_per_m_total,
    usd_per_m_utilised,
)
from ..engine.frame import BackendFrame, PowerFrame, ServerFrame
from ..sessions.money import prices
from .draw.units import clock, duration, joules, percent, rate, usd
from .holding import allowances, caps, paused, unsent
from .window import BackendWindow

_LABELS: Final = {
    "LIVE": "LIVE: a real endpoint",
    "SIM": "SIM: infertop's simulated fleet, which follows published results",
    "REPLAY": "REPLAY: a recorded session",
}
_COUNTED: Final = {
    "usage": "by the server, in its usage report",
    "≈": "estimated (≈) from the length of the text: the server reports no usage",
    "tok": "here, with a tokenizer (tok)",
}
_STAMPED: Final = {
    "kernel": "by the kernel, as bytes arrive",
    "user": "by this process, after a read returns",
}
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Section:
    """What is known on one subject: (term, value); values are safe to draw."""

    title: str
    facts: tuple[tuple[str, str], ...]


def sections(window: BackendWindow) -> list[Section]:
    """Everything known that is no latency, by subject; subjects of which nothing is known are left out."""
    now, totals = window.now, window.totals
    known = {
        "what it is": _identity(now),
        "requests": _requests(totals),
        "sending": {
            "paused": paused(now),
            "rate limits": _allowances(now),
            "caps": caps(now),
            "not sent": unsent(totals),
        },
        "connection": _connection(window),
        "tokens": _tokens(totals),
        "cost": _cost(now, totals),
        "power and energy": _power(totals),
        "server metrics": _server(totals.server),
        "where figures come from": _origins(window),
    }
    made = [
        Section(title, tuple((term, printable(value, _LONGEST)) for term, value in facts.items() if value))
        for title, facts in known.items()
    ]
    return [section for section in made if section.facts]


def _identity(now: BackendFrame) -> dict[str, str]:
    model = now.served_model or now.model
    asked = f", asked for as {now.model}" if now.model not in {"", model} else ""
    return {
        "label": _LABELS[now.label],
        "where": now.url,
        "model": model + asked,
        "runs on": now.hardware,
        "software": now.engine,
        "state": "down: nobody answers there; prompts go on, slowly" if now.state == "down" else "",
    }


def _requests(totals: BackendFrame) -> dict[str, str]:
    reasons = totals.finish_reasons.items()
    met = attainment(totals)
    good = goodput_per_s(totals)
    goodput = f", {rate(good).strip()} good ones a second" if good is not None else ""
    together = f"{totals.company / totals.finished:.1f} on average" if totals.company and totals.finished else ""
    return {
        "due": f"{totals.scheduled:,} = {totals.finished:,} finished + {totals.failed:,} failed"
        f" + {totals.in_flight:,} in flight + {totals.not_sent:,} not sent",
        "ended by": ", ".join(f"{reason or 'no reason'} {count:,}" for reason, count in reasons),
        "in flight": together,
        "SLO met": f"{percent(met).strip()}{goodput}" if met is not None else "",
    }


def _allowances(now: BackendFrame) -> str:
    said = allowances(now)
    return f"{said} (told at {clock(now.limits.at_ns)})" if now.limits and said else said


def _connection(window: BackendWindow) -> dict[str, str]:
    now, totals = window.now, window.totals
    connects = window.histogram("connect")
    opened = f"{len(connects):,} opened, p50 {duration(connects.quantile_ns(0.5)).strip()}" if len(connects) else ""
    shared = shared_read_share(window.frame(["icl"]))
    return {
        "connections": opened,
        "stamped": _STAMPED.get(now.stamp, ""),
        "resent": f"{totals.resent:,} whose idle connection the server had closed" if totals.resent else "",
        "shared reads": f"{percent(shared).strip()} of chunks came together with the one before" if shared else "",
    }


def _tokens(totals: BackendFrame) -> dict[str, str]:
    counts = {
        "in": totals.input_tokens,
        "cached": totals.cached_tokens,
        "written to a cache": totals.cache_write_tokens,
        "out": totals.output_tokens,
        "reasoning": totals.reasoning_tokens,
    }
    chunk = f"{totals.output_tokens / totals.chunks:.2f} tokens a chunk" if totals.chunks else ""
    letters = f"{totals.characters / totals.output_tokens:.1f} characters a token" if totals.output_tokens else ""
    return {
        "tokens": ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count),
        "size": ", ".join(part for part in (chunk, letters) if part),
        "counted": _COUNTED.get(totals.token_source, ""),
        "disbelieved": f"the counts of {totals.disbelieved_requests:,}: no request can have them"
        if totals.disbelieved_requests
        else "",
    }


def _cost(now: BackendFrame, totals: BackendFrame) -> dict[str, str]:
    if now.price is None:
        return {"price": "none is known (infertop prices, or price in a profile)"}
    amounts = {
        "output at this load": usd_per_m_output(totals),
        "output at the stated utilisation": usd_per_m_utilised(totals),
        "input and output": usd_per_m_total(totals),
        "output that met the SLO": usd_per_m_good(totals),
    }
    warmup = f", {usd(now.warmup_usd).strip()} of it before measuring" if now.warmup_usd else ""
    return {
        "price": prices(now),
        "a million": " · ".join(f"{usd(each).strip()} {of}" for of, each in amounts.items() if each is not None),
        "spent": f"{usd((now.spent_usd or 0.0) + now.warmup_usd).strip()}{warmup}",
        "at risk": f"{usd(now.at_risk_usd).strip()} more at the worst, for what is under way"
        if now.at_risk_usd
        else "",
    }


def _power(totals: BackendFrame) -> dict[str, str]:
    power = totals.power
    if power is None:
        return {"power": "not known"}
    energy = j_per_output_token(totals)
    net = j_per_output_token(totals, net=True)
    without = f", {joules(net).strip()} without idle power" if net is not None else ""
    return {
        "now": f"{joules(power.watts).strip()} W" if power.watts is not None else "",
        "mean": f"{joules(watts).strip()} W" if (watts := mean_watts(totals)) is not None else "",
        "idle": f"{joules(power.idle_watts).strip()} W" if power.idle_watts is not None else "",
        "a token": f"{joules(energy).strip()} J{without}" if energy is not None else "",
        "an answer": f"{joules(each).strip()} J" if (each := j_per_request(totals)) is not None else "",
        "said by": _power_source(power),
        "trouble": power.error,
    }


def _power_source(power: PowerFrame) -> str:
    how = "measured" if power.measured else "modelled, not measured"
    host = "whole machine" if power.host_level else ""
    pue = f"PUE {power.pue:g}" if power.pue is not None else ""
    return ", ".join(dict.fromkeys(part for part in (power.source, how, host, pue, power.detail) if part))


def _server(server: ServerFrame | None) -> dict[str, str]:
    if server is None:
        return {}
    age = f", {duration(server.age_ns).strip()} old" if server.age_ns is not None else ""
    return {
        "batch": _now_and_mean(server.running, mean_running(server)),
        "queue": _now_and_mean(server.waiting, mean_waiting(server)),
        "KV memory": _shares(server.kv_cache_share, mean_kv_cache_share(server)),
        "prefix hits": percent(hits).strip() if (hits := prefix_hit_share(server)) is not None else "",
        "preempted": f"{server.preemptions:,.0f}" if server.preemptions is not None else "",
        "told by": f"{server.source}{age}, {server.samples:,} pages" if server.source else "",
        "trouble": server.error,
    }


def _now_and_mean(now: float | None, mean: float | None) -> str:
    parts = (
        f"{now:,.0f} now" if now is not None else "",
        f"{rate(mean).strip()} on average" if mean is not None else "",
    )
    return ", ".join(part for part in parts if part)


def _shares(now: float | None, mean: float | None) -> str:
    parts = (
        f"{percent(now).strip()} now" if now is not None else "",
        f"{percent(mean).strip()} on average" if mean is not None else "",
    )
    return ", ".join(part for part in parts if part)


def _origins(window: BackendWindow) -> dict[str, str]:
    """Figure by figure, who says so."""
    now, totals = window.now, window.totals
    counted = {"usage": "the server's counts", "≈": "estimated counts (≈)", "tok": "counts of a tokenizer"}
    of = counted.get(totals.token_source, "")
    power = totals.power
    return {
        "latency": f"measured here, stamped {_STAMPED[now.stamp]}" if now.stamp else "measured here",
        "tok/s": f"{of} over the time it was active" if of else "",
        "$/M": f"the price above over {of}" if of and now.price is not None else "",
        "J/tok": f"{power.source}, {'measured' if power.measured else 'modelled'}, over {of}" if power and of else "",
        "own view": "the server's clock and definitions, never mixed with ours" if now.vendor else "",
    }
