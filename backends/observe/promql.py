"""Any query that a Prometheus server can answer, as power or as an energy counter."""

from math import isfinite
from typing import Final

import msgspec

from ..printable import printable
from .energy import PowerSample
from .fetching import Fetcher
from .plan import PowerPlan
from .readings import SourceError


class _Series(msgspec.Struct):
    metric: dict[str, str]
    value: tuple[float, str]


class _Data(msgspec.Struct):
    result: list[_Series]


class _Answer(msgspec.Struct):
    data: _Data


class _ScalarData(msgspec.Struct):
    result: tuple[float, str]


class _ScalarAnswer(msgspec.Struct):
    data: _ScalarData


_DECODERS: Final = (msgspec.json.Decoder(_Answer), msgspec.json.Decoder(_ScalarAnswer))


class PromQl:
    """The instant value of `plan.query`, its series summed; a counter's taken one by one.

    Raises:
        SourceError: the key cannot be had.
    """

    source = "prometheus"
    measured = True
    host_level = False

    def __init__(self, plan: PowerPlan) -> None:
        self._url = f"{plan.url.rstrip('/')}/api/v1/query"
        self._query = plan.query
        self._counter = plan.unit == "joules"
        self._fetcher = Fetcher(self._url, plan.key)
        self.detail = printable(plan.query, 120)

    async def sample(self) -> PowerSample:
        """Ask once; raises SourceError."""
        at_ns, document = await self._fetcher.get(self._url, "application/json", {"query": self._query})
        found = _values(document)
        if not found:
            raise SourceError(f"the query has no result now: {printable(self._query, 120)}")
        if self._counter:
            return PowerSample(at_ns=at_ns, watts=None, counters=found)
        return PowerSample(at_ns=at_ns, watts=sum(found.values()))

    async def aclose(self) -> None:
        """Close its connections."""
        await self._fetcher.aclose()


def _values(document: bytes) -> dict[str, float]:
    """By series; a scalar is one series. Raises SourceError."""
    for decoder in _DECODERS:
        try:
            result = decoder.decode(document).data.result
            series = {"": result[1]} if isinstance(result, tuple) else {str(s.metric): s.value[1] for s in result}
            return {name: value for name, text in series.items() if isfinite(value := float(text))}
        except (msgspec.DecodeError, ValueError, RecursionError):
            continue
    raise SourceError("what answers is not a Prometheus server, or the query gives neither a number nor a vector")
