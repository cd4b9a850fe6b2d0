"""What an observer is told to watch; typed by people as far as `PowerPlan` goes."""

from typing import Final, Literal

import msgspec

METRICS_OFF: Final = "off"
"""As a metrics URL: do not look for one."""

MODELS: Final = frozenset({"modelled", "off"})
"""Sources of power that nobody has to look at."""

LABELS: Final = {"nvml": "NVML", "dcgm": "DCGM", "amd": "AMD", "neuron": "Neuron", "rapl": "RAPL"}
"""What readings are called, where not as the source itself."""

Source = Literal["nvml", "dcgm", "amd", "neuron", "rapl", "prometheus", "modelled", "off"]


class PowerPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a backend's power comes from.

    Attributes:
        source: "nvml", "neuron" and "rapl" read this machine, "dcgm" and "amd" an exporter's page; "prometheus" asks
            a Prometheus server; "modelled" follows from the hardware's TDP; "off" shows none.
        url: of the exporter's page or of the Prometheus server; exporters are looked for beside the backend.
        query: PromQL, its results summed ("prometheus" only).
        unit: of what the query gives: watts, or joules that only grow ("prometheus" only).
        gpus: which devices of the machine, by index; all of them if empty.
        share: part of the reading that is this backend's.
        idle_watts: drawn without load, as far as known; taken off for the net figures.
        baseline_s: measure `idle_watts` over this long before anything is sent.
        max_watts: of one chip at 100 % ("neuron" only, whose driver tells no watts).
        pue: of the building; the figures that include it stand apart.
        key: where the key for `url` is: "env:NAME" or "file:PATH"; "" sends none.
        every_s: how often to look.
    """

    source: Source
    url: str = ""
    query: str = ""
    unit: Literal["watts", "joules"] = "watts"
    gpus: tuple[int, ...] = ()
    share: float = 1.0
    idle_watts: float | None = None
    baseline_s: float = 0.0
    max_watts: float | None = None
    pue: float | None = None
    key: str = ""
    every_s: float = 1.0


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One backend to watch.

    Attributes:
        name: the backend's.
        url: its base URL; metrics are looked for beside it.
        metrics_url: where its metrics are, if that is known; METRICS_OFF looks nowhere.
        key: reference of the key that goes to `url`'s own host and to no other.
        every_s: how often to fetch the page.
        power: None takes what the page itself says of power.
    """

    name: str
    url: str
    metrics_url: str = ""
    key: str = ""
    every_s: float = 1.0
    power: PowerPlan | None = None
