"""The processor packages of this machine, through Linux's powercap files: the whole machine's, whoever uses it."""

import time
from pathlib import Path
from typing import Final

from .energy import PowerSample
from .readings import SourceError

SYSFS: Final = Path("/sys/class/powercap")
_MICRO: Final = 1e-6


class Rapl:
    """Energy counters of packages and of their memory.

    Raises:
        SourceError: there are none here, or only root may read them.
    """

    source = "RAPL"
    measured = True
    host_level = True

    def __init__(self, sysfs: Path = SYSFS) -> None:
        zones = {zone: _name(zone) for zone in sorted(sysfs.glob("intel-rapl:*"))}
        # The cores are part of their package; "psys" is the whole platform, packages included.
        self._zones = [zone for zone, name in zones.items() if name.startswith("package") or name == "dram"]
        if not self._zones:
            raise SourceError(f"this machine has no RAPL counters under {sysfs}")
        self._wraps = {zone.name: _read(zone / "max_energy_range_uj") * _MICRO for zone in self._zones}
        self.detail = ", ".join(zones[zone] for zone in self._zones)

    async def sample(self) -> PowerSample:
        """Read all counters; raises SourceError."""
        counters = {zone.name: _read(zone / "energy_uj") * _MICRO for zone in self._zones}
        return PowerSample(at_ns=time.perf_counter_ns(), watts=None, counters=counters, wraps=self._wraps)

    async def aclose(self) -> None:
        """Nothing is held."""


def _name(zone: Path) -> str:
    try:
        return (zone / "name").read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def _read(file: Path) -> int:
    try:
        return int(file.read_text("ascii"))
    except PermissionError:
        raise SourceError(f"{file} is for root only; to let others read it: sudo chmod a+r {file}") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"{file} cannot be read: {error}") from None
