"""AWS Neuron chips of this machine: the driver tells a share of the greatest power, no watts.

What it tells is the mean of the last whole minute, less what the chip draws doing nothing; watts follow only with a
greatest power that somebody states, so they count as modelled.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .energy import PowerSample
from .readings import SourceError

SYSFS: Final = Path("/sys/devices/virtual/neuron_device")
_UTILIZATION: Final = "stats/power/utilization"
"""One line: status, seconds since 1970, least, greatest and mean percentage of that minute."""

_VALID: Final = "POWER_STATUS_VALID"


class Neuron:
    """Mean power of the chips over the last minute.

    Args:
        chips: numbers as in /dev/neuron0; all if empty.
        max_watts: of one chip at 100 %.

    Raises:
        SourceError: there are no such chips here.
    """

    source = "Neuron"
    measured = False
    host_level = False

    def __init__(self, chips: Sequence[int], max_watts: float, sysfs: Path = SYSFS) -> None:
        folders = [sysfs / f"neuron{chip}" for chip in chips] or sorted(sysfs.glob("neuron[0-9]*"))
        if not folders:
            raise SourceError(f"this machine has no Neuron chip ({sysfs} is not there)")
        self._files = [folder / _UTILIZATION for folder in folders]
        if absent := [file for file in self._files if not file.is_file()]:
            raise SourceError(f"{absent[0]} is not there: no such chip, or a driver that tells no power")
        self._max_watts = max_watts
        self.detail = f"{len(folders)} chips, share of {max_watts:g} W each over the last minute, as stated"

    async def sample(self) -> PowerSample:
        """Read all chips; raises SourceError."""
        watts = sum(_share(file) for file in self._files) * self._max_watts
        return PowerSample(at_ns=time.perf_counter_ns(), watts=watts)

    async def aclose(self) -> None:
        """Nothing is held."""


def _share(file: Path) -> float:
    try:
        status, _, _, _, mean = file.read_text("ascii").strip().split(",")
        percent = float(mean)
    except (OSError, ValueError) as error:
        raise SourceError(f"{file} cannot be read: {error}") from None
    if status != _VALID:
        raise SourceError(f"{file}: {status}")
    return percent / 100
