"""What servers say of themselves and what their hardware draws, beside a run and never on its path.

An observer process does all the reading (`backends.observe.process`); here its messages become part of the frames. It
belongs to whoever shows frames to the watcher: the worker when it is alone, else the crew. Whatever happens to it,
the run goes on, and the figures say why they are missing.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final

from msgspec.structs import replace

from ..backends.observe.modelled import tdp_model
from ..backends.observe.plan import LABELS, METRICS_OFF, MODELS, Target
from ..backends.observe.process import ObserverProcess
from ..backends.observe.readings import Message, PowerReading, PowerTrouble, ServerReading, ServerTrouble
from ..backends.printable import printable
from .clock import RealClock
from .cost import ApiPrice
from .frame import BackendFrame, Frame, PowerFrame
from .observer_record import ModelledRecord, PowerRecord, ServerRecord
from .plan import BackendPlan, RunPlan
from .simulated import stack_of

_READY_TIMEOUT_S: Final = 3.0
_FIRST_READING_S: Final = 1.0


class Observed:
    """What is known of one backend.

    Attributes:
        server, power: what the observer told.
    """

    def __init__(self, plan: BackendPlan) -> None:
        self._plan = plan
        self.server = ServerRecord(plan.metrics_every_s)
        self.power = PowerRecord(plan.power)
        self._model = _model(plan)

    @property
    def watched(self) -> bool:
        """Whether there is anything for an observer to look at."""
        power = self._plan.power
        return not self._metrics_off or (power is not None and power.source not in MODELS)

    @property
    def _metrics_off(self) -> bool:
        plan = self._plan
        return plan.metrics_url == METRICS_OFF or (not plan.metrics_url and _hosted(plan))

    def target(self, stacks: Mapping[str, str]) -> Target:
        """What the observer is to watch; `stacks` are base URLs of simulated backends, by name."""
        plan = self._plan
        return Target(
            name=plan.name,
            url=stacks.get(plan.name, plan.url),
            metrics_url=METRICS_OFF if self._metrics_off else plan.metrics_url,
            key=plan.key,
            every_s=plan.metrics_every_s,
            power=plan.power,
        )

    def open_window(self) -> None:
        """Count from now on."""
        self.server.open_window()
        if isinstance(self._model, ModelledRecord):
            self._model.open_window()

    def fail(self, text: str) -> None:
        """Nothing is read any more."""
        if not self._metrics_off:
            self.server.fail(text)
        power = self._plan.power
        if self.power.heard or (power is not None and power.source not in MODELS):
            self.power.fail(LABELS.get(power.source, power.source) if power else "", text)

    def onto(self, backend: BackendFrame, now_ns: int, opened_ns: int) -> BackendFrame:
        """`backend` with what was observed of it."""
        start_ns = opened_ns + (backend.first_sent_ns or 0)
        power = self.power.frame(now_ns, start_ns, start_ns + backend.active_ns)
        return replace(backend, server=self.server.frame(now_ns), power=power or self._modelled(backend))

    def _modelled(self, backend: BackendFrame) -> PowerFrame | None:
        if not isinstance(self._model, ModelledRecord):
            return self._model
        running = self.server.running
        return self._model.frame(backend, backend.in_flight if running is None else running)


def _model(plan: BackendPlan) -> ModelledRecord | PowerFrame | None:
    """The model of a backend's power, or why there is none; None where nobody asks for one."""
    asked = plan.power is not None and plan.power.source == "modelled"
    if stack_of(plan) or (plan.power is not None and not asked):
        return None
    model = tdp_model(plan.hardware)
    if model is None:
        why = f"no chip with a public TDP in hardware = {printable(plan.hardware, 60)!r}"
    elif _hosted(plan) and (plan.power is None or plan.power.share == 1):
        why = "a provider's chips serve others too: state the share of them (power.share)"
    else:
        return ModelledRecord(model, plan.power)
    return PowerFrame(source="modelled", error=why) if asked else None


def _hosted(plan: BackendPlan) -> bool:
    """Whether this looks like a provider's API: billed by the token, or taking a key over https."""
    if stack_of(plan):
        return False
    return (
        isinstance(plan.price, ApiPrice)
        or not plan.url.startswith(("http://", "https://"))
        or (bool(plan.key) and plan.url.startswith("https://"))
    )


class Observatory:
    """Everything observed beside one run; made by `observing`."""

    def __init__(self, plan: RunPlan) -> None:
        self._plan = plan
        self._clock = RealClock()
        self._observed = {each.name: Observed(each) for each in plan.backends}
        self._process: ObserverProcess | None = None
        self._heard = asyncio.Event()
        self._opened_ns: int | None = None
        self._sending = False

    async def start(self) -> None:
        """Start the process, if there is anything to look at; it needs half a second until it can."""
        if not any(each.watched for each in self._observed.values()):
            return
        try:
            self._process = await ObserverProcess.start(self._take, self._lost)
        except OSError as error:
            self._fail(f"the observer cannot be started: {error.strerror}")

    async def begin(self, stacks: Mapping[str, str]) -> None:
        """Watch from now on, and return when it does, after the baselines of power that the plan asks for.

        To wait here is what keeps its start from taking the processor away from the first prompts.
        """
        if self._process is None:
            return
        self._process.watch(each.target(stacks) for each in self._observed.values() if each.watched)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.ready.wait(), _READY_TIMEOUT_S)
        await self._measure_baselines()

    async def _measure_baselines(self) -> None:
        wanted = {each.name: each.power.baseline_s for each in self._plan.backends if each.power}
        longest_s = max(wanted.values(), default=0.0)
        if not longest_s:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._heard.wait(), _FIRST_READING_S)
        start_ns = self._clock.now_ns()
        await asyncio.sleep(longest_s)
        for name, baseline_s in wanted.items():
            if baseline_s:
                self._observed[name].power.measure_baseline(start_ns, self._clock.now_ns())

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.close()

    def open_window(self, opened_ns: int) -> None:
        """The measured window opens, or opened, at that moment."""
        self._opened_ns = opened_ns
        for each in self._observed.values():
            each.open_window()

    def onto(self, frame: Frame) -> Frame:
        """`frame` with what was observed."""
        self._sending = frame.phase == "running"
        now_ns = self._clock.now_ns()
        opened_ns = now_ns if self._opened_ns is None else self._opened_ns
        return replace(
            frame, backends=tuple(self._observed[each.name].onto(each, now_ns, opened_ns) for each in frame.backends)
        )

    def _take(self, message: Message) -> None:
        match message:
            case ServerReading():
                self._observed[message.name].server.take(message, sending=self._sending)
            case PowerReading():
                self._observed[message.name].power.take(message)
                self._heard.set()
            case ServerTrouble():
                self._observed[message.name].server.fail(message.text)
            case PowerTrouble():
                self._observed[message.name].power.fail(message.source, message.text)

    def _lost(self) -> None:
        self._fail("the observer ended unexpectedly")

    def _fail(self, text: str) -> None:
        for each in self._observed.values():
            each.fail(text)


@asynccontextmanager
async def observing(plan: RunPlan) -> AsyncIterator[Observatory]:
    """An observatory for `plan` while the block lasts; call `begin` once the simulated stacks are there."""
    observatory = Observatory(plan)
    await observatory.start()
    try:
        yield observatory
    finally:
        observatory.close()
