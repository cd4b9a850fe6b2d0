"""NVIDIA GPUs of this machine, through the driver's own library; needs `nvidia-ml-py` (extra `nvidia`)."""

import asyncio
import time
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from ..printable import printable
from .energy import PowerSample
from .readings import SourceError


class Nvml:
    """The driver's energy counters (Volta and later) and power readings.

    Args:
        gpus: indices as `nvidia-smi` shows them; all if empty.
        library: `pynvml` or what stands in for it.

    Raises:
        SourceError: no package, no driver, no such GPU, or one that tells neither.
    """

    source = "NVML"
    measured = True
    host_level = False

    def __init__(self, gpus: Sequence[int], library: ModuleType | None = None) -> None:
        self._nvml: Any = library or _import()
        try:
            self._nvml.nvmlInit()
        except self._nvml.NVMLError as error:
            raise SourceError(f"this machine has no working NVIDIA driver: {printable(str(error))}") from None
        try:
            present = self._nvml.nvmlDeviceGetCount()
            if absent := [gpu for gpu in gpus if gpu >= present]:
                raise SourceError(f"no GPU {absent[0]} here: there are {present}, from 0")
            if not present:
                raise SourceError("this machine has no NVIDIA GPU")
            self._devices = [self._nvml.nvmlDeviceGetHandleByIndex(gpu) for gpu in gpus or range(present)]
            names = [self._name(device) for device in self._devices]
        except self._nvml.NVMLError as error:
            raise SourceError(f"NVML: {printable(str(error))}") from None
        self.detail = ", ".join(f"{names.count(name)} × {name}" for name in dict.fromkeys(names))

    def _name(self, device: object) -> str:
        name = self._nvml.nvmlDeviceGetName(device)
        return printable(name.decode("utf-8", "replace") if isinstance(name, bytes) else name, 60)

    async def sample(self) -> PowerSample:
        """Read all devices; the driver may take its time, so in a thread. Raises SourceError."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> PowerSample:
        watts = [self._milli(self._nvml.nvmlDeviceGetPowerUsage, device) for device in self._devices]
        joules = [self._milli(self._nvml.nvmlDeviceGetTotalEnergyConsumption, device) for device in self._devices]
        counters = {str(at): value for at, value in enumerate(joules) if value is not None}
        known = [value for value in watts if value is not None]
        if len(known) < len(self._devices) and len(counters) < len(self._devices):
            raise SourceError("a GPU here tells neither power nor energy")
        return PowerSample(
            at_ns=time.perf_counter_ns(),
            watts=sum(known) if len(known) == len(self._devices) else None,
            counters=counters if len(counters) == len(self._devices) else {},
        )

    def _milli(self, ask: Any, device: object) -> float | None:
        """What `ask` says in thousandths; None where the device does not support it."""
        try:
            return float(ask(device)) / 1e3
        except self._nvml.NVMLError_NotSupported:
            return None
        except self._nvml.NVMLError as error:
            raise SourceError(f"NVML: {printable(str(error))}") from None

    async def aclose(self) -> None:
        """Let go of the library."""
        self._nvml.nvmlShutdown()


def _import() -> ModuleType:
    try:
        import pynvml  # noqa: PLC0415 - an extra
    except ImportError:
        raise SourceError("NVML needs the package nvidia-ml-py: pip install 'infertop[nvidia]'") from None
    module: ModuleType = pynvml
    return module
