"""Power on a Prometheus page: names and units by exporter.

DCGM and AMD pages come from exporters that run beside a server; Triton and the simulated fleet put power on their own
metrics page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .energy import PowerSample
from .prometheus import Sample

_BLANK_FROM: Final = 9e18
"""DCGM writes 9223372036854775794 and the like for "no value"."""


@dataclass(frozen=True, slots=True)
class Exporter:
    """How one exporter tells of power.

    Attributes:
        source: what readings from it are called.
        watts: names of the gauge, the best first.
        joules: name of the counter; "" has none.
        unit_joules: what one unit of the counter is.
        devices: labels that tell one device from another, the best first.
        index: the label with the device's number on its machine; "" has none.
        port: where it customarily listens; 0 for the server's own page.
        idle_watts: name of the gauge of power without load; "" has none.
        measured: whether an instrument is behind it.
        detail: what it reads, in words.
        host_level: whether others than one backend draw from it.
    """

    source: str
    watts: tuple[str, ...]
    joules: str = ""
    unit_joules: float = 1.0
    devices: tuple[str, ...] = ()
    index: str = ""
    port: int = 0
    idle_watts: str = ""
    measured: bool = True
    detail: str = ""
    host_level: bool = False

    @property
    def names(self) -> frozenset[str]:
        """Every name of it."""
        return frozenset((*self.watts, self.joules, self.idle_watts)) - {""}

    def read(self, page: Sequence[Sample], at_ns: int, indices: Sequence[int] = ()) -> PowerSample | None:
        """The power of the devices with `indices`, all if empty; None where the page has none of them."""
        wanted = {str(index) for index in indices}
        kept = [
            sample
            for sample in page
            if 0 <= sample.value < _BLANK_FROM and (not wanted or sample.labels.get(self.index, "") in wanted)
        ]
        gauges = next((found for name in self.watts if (found := self._by_device(kept, name))), {})
        counters = self._by_device(kept, self.joules) if self.joules else {}
        idle = self._by_device(kept, self.idle_watts) if self.idle_watts else {}
        if not gauges and not counters:
            return None
        return PowerSample(
            at_ns=at_ns,
            watts=sum(gauges.values()) if gauges else None,
            counters={device: value * self.unit_joules for device, value in counters.items()},
            idle_watts=sum(idle.values()) if idle else None,
        )

    def _by_device(self, page: Sequence[Sample], name: str) -> Mapping[str, float]:
        """One value a device: partitions and pods of one device repeat the whole device's figure."""
        found: dict[str, float] = {}
        for sample in page:
            if sample.name == name:
                device = next((sample.labels[label] for label in self.devices if label in sample.labels), "")
                found[device] = max(found.get(device, 0.0), sample.value)
        return found


DCGM: Final = Exporter(
    source="DCGM",
    watts=("DCGM_FI_DEV_POWER_USAGE",),
    joules="DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION",
    unit_joules=1e-3,
    devices=("UUID", "gpu"),
    index="gpu",
    port=9400,
)
AMD: Final = Exporter(
    source="AMD",
    watts=("gpu_package_power", "gpu_average_package_power", "gpu_power_usage"),
    joules="gpu_energy_consumed",
    unit_joules=1e-6,
    devices=("serial_number", "gpu_uuid", "gpu_id"),
    index="gpu_id",
    port=5000,
)
TRITON: Final = Exporter(
    source="Triton",
    watts=("nv_gpu_power_usage",),
    joules="nv_energy_consumption",
    devices=("gpu_uuid",),
    detail="all GPUs of the server",
)
FLEET: Final = Exporter(
    source="modelled",
    watts=("infertop_fleet:power_watts",),
    idle_watts="infertop_fleet:idle_power_watts",
    measured=False,
    detail="the simulated stack's own model",
)

BESIDE: Final = {"dcgm": DCGM, "amd": AMD}
"""Exporters with a page of their own, by `plan.PowerPlan.source`."""

ON_SERVER_PAGES: Final = (FLEET, TRITON)
