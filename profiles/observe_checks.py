"""Does what a profile says of metrics and power make sense?"""

from collections.abc import Callable, Iterator, Mapping
from math import inf
from typing import Any, Final

from ..backends.credentials import is_reference
from ..backends.observe.plan import METRICS_OFF, PowerPlan
from ..backends.urls import UrlError, base_url
from .problems import Problem

LEAST_INTERVAL_S: Final = 0.25
"""The screen's pace: looking more often than anybody sees only costs the server time."""

LONGEST_BASELINE_S: Final = 60.0

_OWN: Final[Mapping[str, tuple[str, ...]]] = {
    "url": ("dcgm", "amd", "prometheus"),
    "key": ("dcgm", "amd", "prometheus"),
    "query": ("prometheus",),
    "unit": ("prometheus",),
    "gpus": ("nvml", "dcgm", "amd", "neuron"),
    "max_watts": ("neuron",),
    "every_s": ("nvml", "dcgm", "amd", "neuron", "rapl", "prometheus"),
    "baseline_s": ("nvml", "dcgm", "amd", "rapl", "prometheus"),
}
"""Keys that only some sources take."""

_NEEDED: Final = {
    ("prometheus", "url"): 'is missing: the Prometheus server, as "http://prometheus:9090"',
    ("prometheus", "query"): "is missing: PromQL whose results, added up, are watts",
    ("neuron", "max_watts"): "is missing: watts of one chip at 100 %; the driver tells a share of it only",
}
_RANGES: Final[Mapping[str, tuple[Callable[[float], bool], str]]] = {
    "share": (lambda value: 0 < value <= 1, "is a share: above 0, at most 1"),
    "idle_watts": (lambda value: 0 <= value < inf, "must not be negative"),
    "max_watts": (lambda value: 0 < value < inf, "must be above 0"),
    "pue": (lambda value: 1 <= value < inf, "is the building's power over that of its machines: at least 1"),
    "every_s": (lambda value: LEAST_INTERVAL_S <= value < inf, f"must be at least {LEAST_INTERVAL_S:g} s"),
    "baseline_s": (lambda value: 0 <= value <= LONGEST_BASELINE_S, f"must be 0 to {LONGEST_BASELINE_S:g} s"),
}


def metrics_problems(url: str, every_s: float, where: str) -> Iterator[Problem]:
    """What is wrong with `metrics_url` and `metrics_every_s` of the table at `where`."""
    if url and url != METRICS_OFF:
        yield from _url(url, f"{where}.metrics_url", f' or be "{METRICS_OFF}"')
    yield from _range(every_s, "every_s", f"{where}.metrics_every_s")


def power_problems(power: PowerPlan, where: str) -> Iterator[Problem]:
    """What is wrong with the `power` table at `where`."""
    for name, sources in _OWN.items():
        value = getattr(power, name)
        if value != _default(name) and power.source not in sources:
            listed = ", ".join(f'"{source}"' for source in sources)
            yield Problem(f"{where}.{name}", f'source = "{power.source}" has none; it belongs to {listed}')
    for (source, name), text in _NEEDED.items():
        if power.source == source and not getattr(power, name):
            yield Problem(f"{where}.{name}", text)
    for name in _RANGES:
        yield from _range(getattr(power, name), name, f"{where}.{name}")
    if power.url:
        yield from _url(power.url, f"{where}.url")
    if power.key and not is_reference(power.key):
        yield Problem(f"{where}.key", 'says where the key is: "env:NAME" or "file:PATH", never the key itself')
    if any(gpu < 0 for gpu in power.gpus):
        yield Problem(f"{where}.gpus", "are indices, from 0")
    if power.idle_watts is not None and power.baseline_s:
        yield Problem(f"{where}.baseline_s", "would measure idle_watts, which is given; keep one")


def _default(name: str) -> Any:
    return getattr(PowerPlan(source="off"), name)


def _range(value: float | None, name: str, where: str) -> Iterator[Problem]:
    fits, text = _RANGES[name]
    if value is not None and not fits(value):
        yield Problem(where, text)


def _url(url: str, where: str, alternative: str = "") -> Iterator[Problem]:
    try:
        if url.startswith(("http://", "https://")):
            base_url(url)
            return
    except UrlError as error:
        yield Problem(where, str(error))
    else:
        yield Problem(where, f"must begin with http:// or https://{alternative}")
