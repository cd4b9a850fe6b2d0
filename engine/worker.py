"""The engine process: reads one plan, runs it, sends Frames, ends.

Started by `process.EngineProcess` as `python -m infertop.engine.worker FD`; FD is its end of a socket pair. It
ends when the run is over, when told, on SIGTERM, and when the other side of the socket is gone. Ctrl-C in the
terminal does not reach it (own session): its watcher decides what that means.
"""

import asyncio
import gc
import os
import signal
import socket
import sys
from functools import partial
from typing import Final

import msgspec

from ..backends.base import Backend
from ..backends.credentials import CredentialError
from ..backends.errors import BackendError, ErrorKind
from ..backends.fleet.process import Fleet, FleetError, start_fleet
from ..backends.models import list_models
from ..backends.printable import printable
from ..backends.registry import UnknownApiError, open_backend
from ..backends.transport import ProxyError
from ..backends.urls import UrlError
from .channel import COMMAND, FAILURE, FRAME, PLAN, Channel
from .clock import RealClock
from .commands import Command
from .driver import Driver
from .frame import encode
from .instrument import Instrument
from .lane import Lane
from .likeness import LikenessSums
from .plan import BackendPlan, RunPlan
from .workloads import WorkloadError

FRAME_NS: Final = 100_000_000
_LAST_WORD_S = 5.0
_ASK_TIMEOUT_S = 10.0

_UserFault = (WorkloadError, CredentialError, FleetError, UrlError, UnknownApiError, ProxyError)


class Worker:
    """One run in this process."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._plan: asyncio.Future[RunPlan] = asyncio.get_running_loop().create_future()
        self._early: list[Command] = []
        self._driver: Driver | None = None
        self._fleet: Fleet | None = None
        self._watched = True

    async def run(self) -> int:
        """Serve one plan; the process's exit status."""
        loop = asyncio.get_running_loop()
        _, channel = await loop.create_connection(
            lambda: Channel(self._received, self._watcher_gone), sock=self._sock
        )
        loop.add_signal_handler(signal.SIGTERM, self._told_to_end)
        try:
            await self._perform(await self._plan, channel)
        except _UserFault as error:
            channel.send(FAILURE, printable(str(error), 500).encode())
            return 1
        except asyncio.CancelledError:
            return 1
        except Exception as error:  # noqa: BLE001 - the watcher must learn why; a traceback would have no reader
            channel.send(FAILURE, printable(f"engine fault: {type(error).__name__}: {error}", 500).encode())
            return 1
        else:
            return 0
        finally:
            await channel.flush(_LAST_WORD_S)
            channel.close()
            if self._fleet is not None:
                self._fleet.close()

    def _received(self, kind: bytes, body: bytes) -> None:
        if kind == PLAN and not self._plan.done():
            self._plan.set_result(msgspec.msgpack.decode(body, type=RunPlan))
        elif kind == COMMAND:
            command = msgspec.msgpack.decode(body, type=Command)
            if self._driver is None:
                self._early.append(command)
            else:
                self._driver.obey(command)

    def _watcher_gone(self) -> None:
        self._watched = False
        if self._driver is not None:
            self._driver.stop("parent gone", hurry=True)
        else:
            self._plan.cancel()

    def _told_to_end(self) -> None:
        if self._driver is not None:
            self._driver.stop("interrupted", hurry=True)
        else:
            self._plan.cancel()

    async def _perform(self, plan: RunPlan, channel: Channel) -> None:
        clock = RealClock()
        likeness = LikenessSums([each.name for each in plan.backends])
        lanes = [Lane(each, plan, self._connect, clock, likeness) for each in plan.backends]
        with Instrument() as instrument:
            driver = self._driver = Driver(plan, lanes, likeness, clock, instrument)
            channel.send(FRAME, encode(await driver.frame()))
            await self._start_fleet(plan)
            for command in self._early:
                driver.obey(command)
            gc.collect()
            gc.freeze()  # what was loaded so far is never garbage: later collections stay short
            showing = asyncio.create_task(self._show(driver, channel))
            try:
                if self._watched:
                    await driver.run()
            finally:
                showing.cancel()
                for lane in lanes:
                    await lane.aclose()
            channel.send(FRAME, encode(await driver.frame()))

    async def _show(self, driver: Driver, channel: Channel) -> None:
        clock = RealClock()
        due_ns = clock.now_ns()
        while True:
            channel.send(FRAME, encode(await driver.frame()))
            due_ns = max(due_ns + FRAME_NS, clock.now_ns())
            await clock.sleep_until(due_ns)

    async def _start_fleet(self, plan: RunPlan) -> None:
        """Start the simulated stacks the plan names; they live and die with this process."""
        stacks = [_stack(each) for each in plan.backends if each.url.startswith("sim:")]
        if stacks:
            start = partial(start_fleet, list(dict.fromkeys(stacks)), seed=plan.seed)
            self._fleet = await asyncio.get_running_loop().run_in_executor(None, start)

    async def _connect(self, plan: BackendPlan) -> tuple[Backend, str]:
        url = plan.url
        if url.startswith("sim:"):
            assert self._fleet is not None
            url = self._fleet.url(_stack(plan))
        model = plan.model or await self._first_model(url, plan.key)
        return open_backend(plan.api, url=url, model=model, key=plan.key, extra=plan.extra), model

    async def _first_model(self, url: str, key: str) -> str:
        """The model a server names first; raises BackendError."""
        models = await list_models(url, key, _ASK_TIMEOUT_S)
        if not models:
            raise BackendError(ErrorKind.MALFORMED, "the server lists no model: name one (--model)")
        return models[0].id


def _stack(plan: BackendPlan) -> str:
    return plan.url.removeprefix("sim:")


def _close_stdio() -> None:
    """Point the standard streams at nothing: a stray print must not tear a frame on somebody's screen."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.close(null)


def main() -> int:
    """Entry of the process."""
    sock = socket.socket(fileno=int(sys.argv[1]))
    sock.setblocking(False)
    _close_stdio()
    try:
        import uvloop  # noqa: PLC0415 - absent on some platforms
    except ImportError:
        factory = asyncio.new_event_loop
    else:
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(_serve(sock))


async def _serve(sock: socket.socket) -> int:
    return await Worker(sock).run()


if __name__ == "__main__":
    sys.exit(main())
