"""What was observed beside a run, for the summary document: energy, and the server's own view."""

from typing import Final

import msgspec

from ..backends.printable import printable
from ..engine.energy import (
    j_per_batch,
    j_per_output_token,
    j_per_request,
    joules,
    mean_kv_cache_share,
    mean_running,
    mean_waiting,
    mean_watts,
    prefix_hit_share,
)
from ..engine.frame import BackendFrame
from .figures import six_digits

UNKNOWN: Final = "n/a"


class Energy(msgspec.Struct, frozen=True, kw_only=True):
    """Over the time of `tok_s`; all None with source "n/a" where nothing tells, with `error` saying why if known.

    The fields that begin with `net_` are without what is drawn idle, those that begin with `facility_` times the PUE
    (gross).
    """

    joules: float | None = None
    mean_watts: float | None = None
    j_per_output_token: float | None = None
    j_per_request: float | None = None
    j_per_batch: float | None = None
    idle_watts: float | None = None
    net_joules: float | None = None
    net_j_per_output_token: float | None = None
    net_j_per_request: float | None = None
    net_j_per_batch: float | None = None
    pue: float | None = None
    facility_joules: float | None = None
    facility_j_per_output_token: float | None = None
    source: str = UNKNOWN
    detail: str = ""
    measured: bool = False
    host_level: bool = False
    error: str = ""


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """What the server's metrics said: means over the pages that came while prompts were sent, counts of the window.

    Counts are of everybody's requests, not only of this run's.
    """

    source: str
    samples: int
    running: float | None
    waiting: float | None
    kv_cache_share: float | None
    prefix_hit_share: float | None
    preemptions: float | None
    prompt_tokens: float | None
    generation_tokens: float | None
    error: str


def energy(backend: BackendFrame) -> Energy:
    """Energy of a backend."""
    power = backend.power
    if power is None:
        return Energy()
    gross, per_token = joules(power), j_per_output_token(backend)
    return Energy(
        joules=six_digits(gross),
        mean_watts=six_digits(mean_watts(backend)),
        j_per_output_token=six_digits(per_token),
        j_per_request=six_digits(j_per_request(backend)),
        j_per_batch=six_digits(j_per_batch(backend)),
        idle_watts=six_digits(power.idle_watts),
        net_joules=six_digits(joules(power, net=True)),
        net_j_per_output_token=six_digits(j_per_output_token(backend, net=True)),
        net_j_per_request=six_digits(j_per_request(backend, net=True)),
        net_j_per_batch=six_digits(j_per_batch(backend, net=True)),
        pue=power.pue,
        facility_joules=_times(gross, power.pue),
        facility_j_per_output_token=_times(per_token, power.pue),
        source=UNKNOWN if gross is None else power.source,
        detail=power.detail,
        measured=power.measured,
        host_level=power.host_level,
        error=power.error,
    )


def _times(value: float | None, pue: float | None) -> float | None:
    return None if value is None or pue is None else six_digits(value * pue)


def server(backend: BackendFrame) -> Server | None:
    """The server's view; None where nobody looked."""
    told = backend.server
    if told is None:
        return None
    return Server(
        source=told.source or UNKNOWN,
        samples=told.samples,
        running=six_digits(mean_running(told)),
        waiting=six_digits(mean_waiting(told)),
        kv_cache_share=six_digits(mean_kv_cache_share(told)),
        prefix_hit_share=six_digits(prefix_hit_share(told)),
        preemptions=six_digits(told.preemptions),
        prompt_tokens=six_digits(told.prompt_tokens),
        generation_tokens=six_digits(told.generation_tokens),
        error=told.error,
    )


def energy_remark(backend: BackendFrame) -> str:
    """Where the figure of energy comes from, in words; "" where there is none and nobody asked."""
    power = backend.power
    if power is None or (power.joules is None and not power.error):
        return ""
    if power.joules is None:
        return f"no energy from {power.source}: {printable(power.error)}"
    how = f"measured, {power.source}" if power.measured else f"{_modelled(power.source)}, not measured"
    whole = "; others on the machine draw from it too" if power.host_level else ""
    return f"energy {how} ({printable(power.detail)}){whole}" if power.detail else f"energy {how}{whole}"


def _modelled(source: str) -> str:
    return "modelled" if source == "modelled" else f"modelled from {source}"
