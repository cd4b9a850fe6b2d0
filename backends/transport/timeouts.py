"""The time limits of one request."""

import time
from dataclasses import dataclass
from typing import Self

import httpx


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits in seconds, None for no limit, and the moment on the `time.perf_counter` clock when all must be over."""

    connect: float | None
    read: float | None
    write: float | None
    pool: float | None
    ends_at_s: float | None

    @classmethod
    def of(cls, request: httpx.Request) -> Self:
        """What the request's `timeout` extension asks for, its total counted from now."""
        asked = request.extensions.get("timeout", {})
        total = asked.get("total")
        return cls(
            connect=asked.get("connect"),
            read=asked.get("read"),
            write=asked.get("write"),
            pool=asked.get("pool"),
            ends_at_s=None if total is None else time.perf_counter() + total,
        )

    def within(self, limit_s: float | None) -> float | None:
        """`limit_s`, or what is left of the total where that is less."""
        if self.ends_at_s is None:
            return limit_s
        left_s = max(self.ends_at_s - time.perf_counter(), 0.0)
        return left_s if limit_s is None else min(limit_s, left_s)
