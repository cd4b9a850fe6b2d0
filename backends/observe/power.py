"""The seam of power: what a source is, and which one a plan asks for."""

from typing import Protocol
from urllib.parse import urlsplit

from .energy import PowerSample
from .exporters import BESIDE, Exporter
from .fetching import Fetcher
from .neuron import Neuron
from .nvml import Nvml
from .plan import MODELS, PowerPlan, Target
from .prometheus import TEXT_FORMAT, samples
from .promql import PromQl
from .rapl import Rapl
from .readings import SourceError


class PowerSource(Protocol):
    """Something that tells of power or energy.

    Attributes:
        source: what its readings are called.
        detail: what it reads, in words.
        measured: whether by an instrument.
        host_level: whether others than one backend draw from what it reads.
    """

    @property
    def source(self) -> str: ...  # noqa: D102
    @property
    def detail(self) -> str: ...  # noqa: D102
    @property
    def measured(self) -> bool: ...  # noqa: D102
    @property
    def host_level(self) -> bool: ...  # noqa: D102

    async def sample(self) -> PowerSample:
        """Look once; raises SourceError."""
        ...

    async def aclose(self) -> None:
        """Let go of what it holds."""
        ...


class ExporterPage:
    """The page of an exporter that runs beside a backend.

    Raises:
        SourceError: the key cannot be had.
    """

    host_level = False

    def __init__(self, exporter: Exporter, plan: PowerPlan, backend_url: str) -> None:
        self._exporter = exporter
        self._gpus = plan.gpus
        self._url = plan.url or f"http://{_host(backend_url)}:{exporter.port}/metrics"
        self._fetcher = Fetcher(self._url, plan.key)
        self.source = exporter.source
        self.measured = exporter.measured
        self.detail = f"GPU {', '.join(map(str, plan.gpus))}" if plan.gpus else "all GPUs of the exporter"

    async def sample(self) -> PowerSample:
        """Fetch the page; raises SourceError."""
        at_ns, page = await self._fetcher.get(self._url, TEXT_FORMAT)
        sample = self._exporter.read(samples(page, self._exporter.names), at_ns, self._gpus)
        if sample is None:
            gpus = f" of GPU {', '.join(map(str, self._gpus))}" if self._gpus else ""
            raise SourceError(f"{self._url} tells no power{gpus} ({self._exporter.watts[0]})")
        return sample

    async def aclose(self) -> None:
        """Close its connections."""
        await self._fetcher.aclose()


def _host(url: str) -> str:
    host = urlsplit(url).hostname or "localhost"
    return f"[{host}]" if ":" in host else host


def open_source(target: Target) -> PowerSource | None:
    """What `target.power` asks for; None where the backend's own page, a model or nothing is to tell.

    Raises:
        SourceError: it is not here, or the key cannot be had.
    """
    plan = target.power
    if plan is None or plan.source in MODELS:
        return None
    match plan.source:
        case "nvml":
            return Nvml(plan.gpus)
        case "dcgm" | "amd":
            return ExporterPage(BESIDE[plan.source], plan, target.url)
        case "neuron":
            return Neuron(plan.gpus, plan.max_watts or 0.0)
        case "rapl":
            return Rapl()
        case _:
            return PromQl(plan)
