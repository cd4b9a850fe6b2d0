"""Watching one backend: its metrics page and its power, each at its own pace; what is wrong is said, nothing ends."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Final
from urllib.parse import urlsplit

from ..printable import printable
from ..urls import root_url
from .energy import Integrator, PowerSample
from .exporters import ON_SERVER_PAGES, Exporter
from .fetching import Fetcher, NotOfferedError, origin
from .plan import LABELS, METRICS_OFF, PowerPlan, Target
from .power import PowerSource, open_source
from .prometheus import TEXT_FORMAT, Sample, samples
from .readings import (
    Message,
    PowerReading,
    PowerTrouble,
    ServerReading,
    ServerTrouble,
    SourceError,
)
from .server_metrics import NAMES, recognise

Say = Callable[[Message], None]

_ON_PAGE: Final = NAMES | frozenset().union(*(exporter.names for exporter in ON_SERVER_PAGES))
_NS: Final = 1e9


async def watch(target: Target, say: Say) -> None:
    """Watch `target` until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        if target.metrics_url != METRICS_OFF:
            tasks.create_task(_kept(_watch_page(target, say), lambda text: say(ServerTrouble(target.name, text))))
        if target.power is not None:
            source = LABELS.get(target.power.source, target.power.source)
            work = _watch_power(target, target.power, say)
            tasks.create_task(_kept(work, lambda text: say(PowerTrouble(target.name, source, text))))


async def _kept(work: Coroutine[None, None, None], fail: Callable[[str], None]) -> None:
    """Do `work`; a fault of ours in it is said, and harms no other watching."""
    try:
        await work
    except SourceError as error:
        fail(str(error))
    except Exception as error:  # noqa: BLE001 - it would end the watching of every backend
        fail(printable(f"{type(error).__name__}: {error}"))


def candidates(target: Target) -> tuple[str, ...]:
    """Where a backend's metrics may be: where the plan says, else beside its base URL, most likely first.

    TensorRT-LLM has its Prometheus page under /prometheus/metrics, for its /metrics is JSON; Triton has it on a port
    of its own, which only the plan can tell.
    """
    if target.metrics_url:
        return (target.metrics_url,)
    root = root_url(target.url)
    host = root.removesuffix(urlsplit(root).path)
    return tuple(dict.fromkeys((f"{root}/metrics", f"{root}/prometheus/metrics", f"{host}/metrics")))


class _Power:
    """Samples of one source on their way to readings.

    Args:
        told_by: whose samples they are.
    """

    def __init__(self, target: Target, say: Say, told_by: PowerSource | Exporter) -> None:
        self._name = target.name
        self._share = target.power.share if target.power else 1.0
        self._say = say
        self._told_by = told_by
        self._energy = Integrator()

    def take(self, sample: PowerSample) -> None:
        self._energy.take(sample)
        watts = self._energy.watts
        self._say(
            PowerReading(
                name=self._name,
                at_ns=sample.at_ns,
                source=self._told_by.source,
                detail=self._told_by.detail,
                measured=self._told_by.measured,
                host_level=self._told_by.host_level,
                counted=self._energy.counted,
                watts=None if watts is None else watts * self._share,
                joules=self._energy.joules * self._share,
                idle_watts=sample.idle_watts,
            )
        )


async def _watch_page(target: Target, say: Say) -> None:
    page = _Page(target)
    powers = [(each, _Power(target, say, each)) for each in ON_SERVER_PAGES if _wanted(each, target.power)]
    async for _ in _ticks(target.every_s):
        try:
            at_ns, found = await page.read()
        except SourceError as error:
            say(ServerTrouble(target.name, str(error)))
            if page.offers_none:
                return
            continue
        known = recognise(found)
        if known is not None:
            server, figures = known
            say(ServerReading(name=target.name, at_ns=at_ns, source=f"{server} {page.path}", figures=figures))
        for exporter, power in powers:
            if sample := exporter.read(found, at_ns):
                power.take(sample)


def _wanted(exporter: Exporter, plan: PowerPlan | None) -> bool:
    """Whether what it tells on a server's own page is asked for: by default, and where it is the model wanted."""
    return plan is None or (plan.source == "modelled" and not exporter.measured)


class _Page:
    """A backend's metrics page, once it is found.

    Attributes:
        offers_none: every place where it could be was asked and has none.
    """

    def __init__(self, target: Target) -> None:
        self._candidates = candidates(target)
        self._stated = bool(target.metrics_url)
        first = self._candidates[0]
        self._fetcher = Fetcher(first, target.key if origin(first) == origin(target.url) else "")
        self._url = ""
        self._above = "" if target.metrics_url else urlsplit(root_url(target.url)).path
        self.offers_none = False

    @property
    def path(self) -> str:
        """Where it was found, without what it has in common with the base URL."""
        return printable(urlsplit(self._url).path.removeprefix(self._above), 40)

    async def read(self) -> tuple[int, list[Sample]]:
        """When the page had come and what of it means something here; raises SourceError."""
        if self._url:
            return await self._fetch(self._url)
        for url in self._candidates:
            try:
                at_ns, found = await self._fetch(url)
            except NotOfferedError:
                continue
            self._url = url
            return at_ns, found
        self.offers_none = not self._stated
        where = " or ".join(printable(urlsplit(url).path) for url in self._candidates)
        raise SourceError(f"no metrics that infertop knows at {where}")

    async def _fetch(self, url: str) -> tuple[int, list[Sample]]:
        at_ns, page = await self._fetcher.get(url, TEXT_FORMAT)
        found = samples(page, _ON_PAGE)
        if not found:
            raise NotOfferedError(f"no metrics that infertop knows at {printable(urlsplit(url).path)}")
        return at_ns, found


async def _watch_power(target: Target, plan: PowerPlan, say: Say) -> None:
    source = await asyncio.to_thread(open_source, target)  # drivers may take their time to wake up
    if source is None:
        return
    power = _Power(target, say, source)
    async for _ in _ticks(plan.every_s):
        try:
            power.take(await source.sample())
        except SourceError as error:
            say(PowerTrouble(target.name, source.source, str(error)))


async def _ticks(every_s: float) -> AsyncIterator[None]:
    """Now and every `every_s` from now on; those that passed while something took longer are left out."""
    began_ns = time.perf_counter_ns()
    while True:
        yield
        gone_s = (time.perf_counter_ns() - began_ns) / _NS
        await asyncio.sleep(every_s - gone_s % every_s)
