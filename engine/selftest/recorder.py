"""A backend that lets another one's arrivals through and keeps their stamps."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ...backends.base import Answer, Arrival, Backend, Request, Stamp
from ...backends.rate_limits import RateLimits
from .errors import Observed


class Recorder:
    """Wraps `backend`; `observed` holds every answer it began to give, in the order of sending.

    Stamps and texts are kept as plain numbers and strings, so that what is kept adds nothing to the garbage
    collector's work.
    """

    def __init__(self, backend: Backend) -> None:
        self.observed: list[Observed] = []
        self._backend = backend
        self.can_fix_length = backend.can_fix_length

    @asynccontextmanager
    async def send(self, request: Request) -> AsyncIterator[Answer]:
        """See `backends.base.Backend`."""
        async with self._backend.send(request) as answer:
            observed = Observed(request.index, answer.sent_ns)
            self.observed.append(observed)
            yield _Recorded(
                answer,
                observed,
                answer.sent_ns,
                answer.connect_ns,
                answer.resent,
                answer.stamp,
                answer.server,
                answer.limits,
            )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._backend.aclose()


@dataclass(slots=True)
class _Recorded:
    """An answer that is written down as it is read."""

    answer: Answer
    observed: Observed
    sent_ns: int
    connect_ns: int
    resent: bool
    stamp: Stamp
    server: str
    limits: RateLimits

    async def deliver(self, take: Callable[[Arrival], None]) -> None:
        """See `backends.base.Answer`."""
        at_ns, chunks, texts = self.observed.at_ns, self.observed.chunks, self.observed.texts

        def keep(arrival: Arrival) -> None:
            if arrival.chunks:
                at_ns.extend(arrival.earlier_ns)
                at_ns.append(arrival.at_ns)
                chunks.extend(arrival.earlier_chunks)
                chunks.append(arrival.chunks - sum(arrival.earlier_chunks))
                texts.append(arrival.text)
            take(arrival)

        await self.answer.deliver(keep)

    def catch_up(self) -> None:
        """See `backends.base.Answer`."""
        self.answer.catch_up()
