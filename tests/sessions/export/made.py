"""Recordings and snapshots made by hand, their runs growing as real ones do."""

import random
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from infertop.engine.cost import ApiPrice, RentedPrice
from infertop.engine.frame import BackendFrame, Frame, Marker
from infertop.engine.plan import SloPlan
from infertop.sessions.export.page.document import page
from infertop.sessions.export.snapshot import Snapshot
from infertop.sessions.journal.reader import Recording, open_recording

from ..frames import MS, backend, frame, paired
from ..journal.recordings import record, written

SECOND = 1_000_000_000
PER_S = 5
PRICES = (
    RentedPrice(usd_per_chip_hour=3.6, chips=4, as_of="2026-09-20", source="Lambda"),
    ApiPrice(usd_per_m_input=0.15, usd_per_m_output=0.6, as_of="2026-11", source="litellm"),
    None,
)
STACKS = (("H200 ×4", 200.0, 12.0), ("Groq", 80.0, 3.0), ("laptop", 900.0, 60.0))
CHANGE = "concurrency 11"


class Running:
    """Three backends (or as many as are named), `PER_S` answers a second each, of 100 tokens."""

    def __init__(self, stacks: tuple[tuple[str, float, float], ...] = STACKS) -> None:
        self._stacks = stacks
        self._values: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name, *_ in stacks}
        self._random = random.Random(1)

    def frame(self, second: int, **changes: Any) -> Frame:
        """The frame of that second; seconds must not go back."""
        backends = []
        for at, (name, ttft_ms, tpot_ms) in enumerate(self._stacks):
            ttfts, tpots = self._values[name]
            while len(ttfts) < second * PER_S:
                ttfts.append(ttft_ms * self._random.lognormvariate(0, 0.3))
                tpots.append(tpot_ms * self._random.lognormvariate(0, 0.1))
            price = PRICES[at % len(PRICES)]
            backends.append(self._backend(name, at, ttfts, tpots, price, second))
        values: dict[str, Any] = {
            "seq": second,
            "at_ns": second * SECOND,
            "phase": "running",
            "stop_reason": "",
            "duration_s": None,
            "slo": SloPlan(ttft_ms=500),
            "backends": tuple(backends),
            "paired": paired("ttft_sched", **{name: ttfts for name, (ttfts, _) in self._values.items()}),
        }
        return frame(**(values | changes))

    def _backend(
        self, name: str, at: int, ttfts: list[float], tpots: list[float], price: Any, second: int
    ) -> BackendFrame:
        made = backend(name, ttft_ms=ttfts, tpot_ms=tpots, label="LIVE" if at else "SIM", stamp="kernel")
        spent = None if price is None else 0.004 * second
        return replace(made, active_ns=second * SECOND, price=price, spent_usd=spent, good=len(ttfts))


def recorded(path: Path, seconds: int = 60, **facts: Any) -> Path:
    """A finished recording of `seconds`, with a change half way, one request of each backend a second, one failed."""
    running, middle = Running(), seconds // 2
    markers = (Marker(at_ns=middle * SECOND, text=CHANGE),)
    frames = [running.frame(at, markers=markers if at >= middle else ()) for at in range(seconds)]
    frames.append(running.frame(seconds, markers=markers, phase="done", stop_reason="duration", duration_s=seconds))
    requests = [
        replace(record(at, backend=name), scheduled_ns=at * SECOND, sent_ns=at * SECOND + MS, first_ns=at * SECOND
                + 80 * MS, last_ns=at * SECOND + 500 * MS)
        for at in range(seconds)
        for name, *_ in STACKS
    ]  # fmt: skip
    requests.append(
        record(seconds, backend="Groq", status="failed", error="5xx", message="HTTP 503", first_ns=None, last_ns=None)
    )
    return written(path, frames, requests, **facts)


def snapshot_of(recording: Recording) -> Snapshot:
    """The snapshot of its end."""
    return Snapshot(recording.last_frame(), recording)


def page_of(path: Path) -> str:
    """The page of the recording at `path`."""
    with open_recording(path) as recording:
        return "".join(page(snapshot_of(recording)))
