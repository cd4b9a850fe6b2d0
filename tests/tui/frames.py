"""A fleet that exists only as frames: seeded, cumulative, plausible; for tests of the screen."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import msgspec
import numpy as np

from infertop.backends.errors import ErrorKind
from infertop.engine.commands import Command
from infertop.engine.cost import ApiPrice, Price, RentedPrice, spent_usd
from infertop.engine.frame import (
    SLOT_NS,
    SLOTS,
    AnswerFrame,
    BackendFrame,
    ClientFrame,
    Followed,
    Frame,
    Label,
    Marker,
    Timeline,
)
from infertop.engine.histogram import Histogram
from infertop.engine.plan import ArrivalsPlan, WorkloadPlan
from infertop.engine.serial import SerialSums

MS = 1_000_000
SECOND = 1_000_000_000


@dataclass(frozen=True)
class Stack:
    """What one backend is like."""

    name: str
    engine: str = ""
    hardware: str = ""
    label: Label = "SIM"
    ttft_ms: float = 180
    spread: float = 0.35
    tpot_ms: float = 10
    per_s: float = 6
    price: Price | None = None
    estimated: bool = False
    down: bool = False
    failing: float = 0.0


STACKS = (
    Stack("H200 ×1", "vLLM", ttft_ms=181, tpot_ms=9.8, per_s=12,
          price=RentedPrice(usd_per_chip_hour=3.8, as_of="2025-11", source="list")),
    Stack("MI300X ×1", "vLLM", ttft_ms=190, tpot_ms=11, per_s=10,
          price=RentedPrice(usd_per_chip_hour=3.0, as_of="2025-11", source="list")),
    Stack("Groq LPU", ttft_ms=58, tpot_ms=2.1, spread=0.2, per_s=24, label="LIVE",
          price=ApiPrice(usd_per_m_input=0.59, usd_per_m_output=0.79, as_of="2025-11", source="groq.com")),
    Stack("Inferentia2 ×12", "neuron", ttft_ms=640, tpot_ms=28, spread=0.5, per_s=3, estimated=True,
          price=RentedPrice(usd_per_chip_hour=0.76, chips=12)),
    Stack("TPU v6e ×8", "JetStream", ttft_ms=240, tpot_ms=12, per_s=8, failing=0.01),
    Stack("Cerebras WSE-3", ttft_ms=90, tpot_ms=0.6, spread=0.25, per_s=30,
          price=ApiPrice(usd_per_m_input=0.85, usd_per_m_output=1.2, as_of="2025-10")),
    Stack("gpu1 llama.cpp", "llama.cpp", label="LIVE", down=True),
    Stack("laptop", "Ollama", label="LIVE", ttft_ms=2400, tpot_ms=70, spread=0.6, per_s=0.4, failing=0.05),
)  # fmt: skip

TOKENS = 200


@dataclass
class _State:
    stack: Stack
    rng: np.random.Generator
    finished: int = 0
    failed: int = 0
    ttft: Histogram = field(default_factory=Histogram)
    tpot: Histogram = field(default_factory=Histogram)
    icl: Histogram = field(default_factory=Histogram)
    e2e: Histogram = field(default_factory=Histogram)
    send_lag: Histogram = field(default_factory=Histogram)
    series: dict[str, SerialSums] = field(
        default_factory=lambda: {name: SerialSums() for name in ("ttft_sched", "tpot", "e2e_sched")}
    )
    slots: list[float] = field(default_factory=list)
    slot: int = 0
    tokens: float = 0.0

    def advance(self, from_ns: int, to_ns: int, load: float) -> None:
        stack = self.stack
        if stack.down:
            self.failed += round((to_ns - from_ns) / SECOND * 2)
            return
        wanted = int(stack.per_s * load * to_ns / SECOND) - self.finished - self.failed
        for _ in range(max(wanted, 0)):
            if self.rng.random() < stack.failing:
                self.failed += 1
                continue
            ttft = round(stack.ttft_ms * MS * load**0.5 * self.rng.lognormal(0, stack.spread))
            tpot = round(stack.tpot_ms * MS * self.rng.lognormal(0, 0.15))
            self.finished += 1
            self.ttft.add(ttft)
            self.tpot.add(tpot)
            self.icl.extend(tpot * factor for factor in (1, 1, 1, 2))
            self.e2e.add(ttft + tpot * TOKENS)
            self.send_lag.add(round(40_000 * self.rng.lognormal(0, 0.5)))
            for name, value in (("ttft_sched", ttft), ("tpot", tpot), ("e2e_sched", ttft + tpot * TOKENS)):
                self.series[name].add(math.log(value))
        for slot in range(from_ns // SLOT_NS, to_ns // SLOT_NS):
            swing = 1 + 0.25 * np.sin(slot / 30 + len(stack.name)) + 0.1 * self.rng.normal()
            ramp = min(1.0, slot / 30)
            tokens = float(max(stack.per_s * load * TOKENS * swing * ramp * SLOT_NS / SECOND, 0.0))
            self.slots.append(tokens)
            self.tokens += tokens
        self.slot = to_ns // SLOT_NS
        del self.slots[:-SLOTS]

    def frame(self, at_ns: int, *, open_loop: bool) -> BackendFrame:
        stack = self.stack
        in_flight = 0 if stack.down else 8
        histograms = {
            "ttft": self.ttft, "ttft_sched": self.ttft, "ttfo": self.ttft, "tpot": self.tpot, "icl": self.icl,
            "e2e": self.e2e, "e2e_sched": self.e2e, "send_lag": self.send_lag,
        }  # fmt: skip
        errors = {} if not self.failed else {ErrorKind.CONNECT.value: self.failed}
        if stack.failing and self.failed:
            errors = {ErrorKind.RATE_LIMIT.value: self.failed - self.failed // 3}
            errors |= {ErrorKind.TIMEOUT.value: self.failed // 3} if self.failed // 3 else {}
        made = BackendFrame(
            name=stack.name,
            label=stack.label,
            url="http://127.0.0.1:8000/v1",
            model="llama-3.3-70b",
            hardware=stack.hardware,
            engine=stack.engine,
            price=stack.price,
            stamp="" if stack.down else "kernel",
            state="down" if stack.down else "ok",
            scheduled=self.finished + self.failed + in_flight,
            finished=self.finished,
            failed=self.failed,
            in_flight=in_flight,
            errors=errors,
            last_error="127.0.0.1:8080 refused the connection" if stack.down else "",
            input_tokens=self.finished * 400,
            output_tokens=self.finished * TOKENS,
            usage_requests=0 if stack.estimated else self.finished,
            estimated_requests=self.finished if stack.estimated else 0,
            active_ns=0 if stack.down else at_ns,
            arriving_tokens=self.tokens,
            chunks=self.finished * TOKENS,
            characters=self.finished * TOKENS * 4,
            histograms={name: h.state() for name, h in histograms.items() if len(h)},
            series={name: sums.state() for name, sums in self.series.items() if len(self.ttft)},
            finish_reasons={"stop": self.finished} if self.finished else {},
            timeline=Timeline(first_slot=self.slot - len(self.slots), tokens=tuple(self.slots)),
        )
        if stack.price is None:
            return made
        return msgspec.structs.replace(made, spent_usd=spent_usd(stack.price, made, at_ns / SECOND))


class Fleet:
    """A run of `stacks` that advances only when told."""

    def __init__(
        self,
        stacks: tuple[Stack, ...] = STACKS,
        *,
        seed: int = 1,
        arrivals: ArrivalsPlan | None = None,
        budget_usd: float | None = None,
    ) -> None:
        self._states = [_State(stack, np.random.default_rng(seed + at)) for at, stack in enumerate(stacks)]
        self._lag_rng = np.random.default_rng(seed)
        self._lag = Histogram()
        self._markers: list[Marker] = []
        self._seq = 0
        self.at_ns = 0
        self.cpu_share = 0.12
        self.arrivals = arrivals or ArrivalsPlan()
        self.workload = WorkloadPlan()
        self.budget_usd = budget_usd
        self.lag_ns = 120_000

    def advance(self, seconds: float) -> Fleet:
        """Let run time pass."""
        load = self.arrivals.concurrency / 8
        to_ns = self.at_ns + round(seconds * SECOND)
        while self.at_ns < to_ns:
            step = min(self.at_ns + 10 * SLOT_NS, to_ns)
            for state in self._states:
                state.advance(self.at_ns, step, load)
            self._lag.extend(int(value) for value in self.lag_ns * self._lag_rng.lognormal(0, 0.4, 100))
            self.at_ns = step
        return self

    def mark(self, text: str) -> None:
        """Note a change at this moment."""
        self._markers.append(Marker(at_ns=self.at_ns, text=text))

    def frame(self, **changes: object) -> Frame:
        """The frame of this moment, with `changes` on top."""
        self._seq += 1
        made = Frame(
            seq=self._seq,
            title="fleet",
            phase="running",
            at_ns=self.at_ns,
            started_utc="2025-11-20T10:00:00.000+00:00",
            seed=1,
            workload=self.workload,
            arrivals=self.arrivals,
            budget_usd=self.budget_usd,
            offered_per_s=None if self.arrivals.kind == "closed" else self.arrivals.rate_per_s,
            client=ClientFrame(loop_lag=self._lag.state(), cpu_share=self.cpu_share),
            markers=tuple(self._markers),
            backends=tuple(
                state.frame(self.at_ns, open_loop=self.arrivals.kind != "closed") for state in self._states
            ),
        )
        return msgspec.structs.replace(made, **changes)


SAYINGS = (
    "The 東京 office opened in 1998 😀 and has grown since: it now holds four floors.\nSecond paragraph, shorter.",
    "Latency is what a person waits for; throughput is what a bill is made of. Both matter, and rarely together. "
    * 3,
    "漢字かな交じり文はとても長くて空白がないので幅で折り返す必要があります。" * 4,
    "",
)


def followed(backends: int, index: int = 1236) -> Followed:
    """What the first `backends` STACKS say to one prompt: done, writing, thinking and not yet asked in turn."""
    states = ("done", "writing", "writing", "waiting")
    return Followed(
        index=index,
        prompt="Explain, for a new colleague, how latency and throughput differ.",
        answers=tuple(
            AnswerFrame(
                backend=stack.name,
                text=SAYINGS[at % 4],
                reasoning=at % 4 == 2,
                state=states[at % 4],
                took_ns=(890 + 1234 * at) * MS if SAYINGS[at % 4] else 0,
            )
            for at, stack in enumerate(STACKS[:backends])
        ),
    )


class Tape:
    """An engine link that plays given frames, each as soon as it is asked for, and notes what it is told."""

    def __init__(self, *frames: Frame) -> None:
        self._frames = list(frames)
        self.sent: list[Command] = []
        self.stopped = False

    async def frames(self) -> AsyncIterator[Frame]:
        """The frames; then silence until stopped."""
        for frame in self._frames:
            yield frame

    def send(self, command: Command) -> None:
        """Note it."""
        self.sent.append(command)

    async def stop(self) -> Frame | None:
        """The last frame."""
        self.stopped = True
        return self._frames[-1] if self._frames else None
