"""Joining a Ray cluster, and finding places for workers on it. Ray is loaded only here, and only when asked for.

Nothing is started but actors on a cluster that is there: no Ray on this machine, no dashboard, no usage statistics.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

from ... import __version__
from ...backends.printable import printable
from ..plan import RunPlan
from ..simulated import stack_of
from ..watcher import RunError
from .address import FORMS, MISSING
from .distant import DistantWorker, last_line
from .knock import knock
from .outpost import Greeting, Outpost, greeting

JOIN_S: Final = 45.0
PLACE_S: Final = 60.0
"""How long may pass until a cluster lets us in, and until every worker has a core there."""

_STILLBORN: Final = "Starting Ray client server failed"

_LEAVE_S: Final = 5.0


class Cluster:
    """A cluster this process has joined; made by `joined`."""

    def __init__(self, ray: Any) -> None:
        self._ray = ray

    async def place(self, plan: RunPlan) -> list[DistantWorker]:
        """As many workers as `plan` asks for, one core each, on as many machines as there are; raises RunError."""
        workers = plan.workers
        actor = self._ray.remote(Outpost).options(num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD")
        actors = [actor.remote() for _ in range(workers)]
        greeted = [asyncio.ensure_future(_greeted(each)) for each in actors]
        done, waiting = await asyncio.wait(greeted, timeout=PLACE_S, return_when=asyncio.FIRST_EXCEPTION)
        for each in waiting:
            each.cancel()
        for each in done:
            if error := each.exception():
                raise RunError(_why_not(error)) from None
        if waiting:
            raise RunError(
                f"{len(done)} of {workers} workers found a place in {PLACE_S:g} s: each needs a core, and the "
                f"cluster has {await self._cores():g}"
            )
        greetings = [each.result() for each in greeted]
        _check(plan, greetings)
        places = zip(actors, greetings, strict=True)
        made = [DistantWorker(self._ray, number, *place) for number, place in enumerate(places)]
        try:
            await asyncio.gather(*(each.read_clock() for each in made))
        except Exception as error:  # noqa: BLE001 - whatever Ray raises, one of them is gone
            raise RunError(_why_not(error)) from None
        return made

    async def _cores(self) -> float:
        resources = await asyncio.to_thread(self._ray.cluster_resources)
        return float(resources.get("CPU", 0.0))


async def _greeted(actor: Any) -> Greeting:
    return msgspec.msgpack.decode(await actor.greet.remote(), type=Greeting)


def _why_not(error: BaseException) -> str:
    """Why an actor could not be made, for a person."""
    text = last_line(error)
    if "No module named 'infertop" in text:
        return f"infertop {__version__} must be installed on the cluster's machines too: {text}"
    return f"a worker could not be started on the cluster: {text}"


def _check(plan: RunPlan, greetings: Iterable[Greeting]) -> None:
    """Raise RunError when those who greeted cannot run `plan` together."""
    simulated = [each.name for each in plan.backends if stack_of(each)]
    here = greeting().machine
    for each in greetings:
        host = printable(each.host, 60)
        if each.infertop != __version__:
            raise RunError(
                f"infertop {printable(each.infertop, 20)} is installed on {host}, here it is {__version__}: "
                "all machines need the same one"
            )
        if simulated and each.machine != here:
            raise RunError(
                f"{printable(simulated[0], 40)} is a simulated stack, which answers on this machine only, and a "
                f"worker is on {host}: name a server that every machine reaches"
            )


@asynccontextmanager
async def joined(address: str) -> AsyncIterator[Cluster]:
    """Be a driver of the cluster at `address` while the block lasts; what was placed there ends with it.

    Raises:
        RunError: there is none, or Ray is not installed here.
    """
    await knock(address)
    try:
        ray = await _enter(address)
    except TimeoutError:
        raise RunError(f"--ray {address}: something answers there, but lets nobody in within {JOIN_S:g} s") from None
    except ImportError as error:
        raise RunError(f"{MISSING} ({last_line(error)})") from None
    except Exception as error:  # noqa: BLE001 - whatever Ray raises, a person wants to know it in one line
        raise RunError(f"--ray {address}: {_no_cluster(address, error)}") from None
    try:
        yield Cluster(ray)
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(_in_thread(ray.shutdown), _LEAVE_S)


async def _enter(address: str) -> Any:
    """The package, a driver of the cluster; raises whatever Ray does.

    A cluster starts a process for each client, which now and then dies in a fork (ray-project/ray#63202): half a
    minute later Ray says so, and the next one lives.
    """
    try:
        return await asyncio.wait_for(_in_thread(lambda: _init(address)), JOIN_S)
    except ConnectionError as error:
        if _STILLBORN not in str(error):
            raise
        return await asyncio.wait_for(_in_thread(lambda: _init(address)), JOIN_S)


def _init(address: str) -> Any:
    import ray  # noqa: PLC0415 - half a second, and not installed everywhere

    ray.init(address=address, log_to_driver=False, logging_level="error", configure_logging=False)
    return ray


def _no_cluster(address: str, error: Exception) -> str:
    """Why there is none, and what may be meant instead: only a machine of a cluster can join it as one."""
    if address == "auto":
        return f"this machine belongs to no Ray cluster; write {FORMS}"
    why = printable(" ".join(str(error).split()), 300)
    return why if address.startswith("ray://") else f"{why}; from a machine outside the cluster: ray://HOST:10001"


async def _in_thread(call: Callable[[], Any]) -> Any:
    """What `call` returns, made in a thread that nobody waits for at the end of the process if it hangs."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[Any] = loop.create_future()

    def settle(value: Any, error: BaseException | None) -> None:
        if result.done():
            return
        if error is None:
            result.set_result(value)
        else:
            result.set_exception(error)

    def work() -> None:
        value, error = None, None
        try:
            value = call()
        except BaseException as caught:  # noqa: BLE001 - handed to whoever waits; Ray may raise SystemExit
            error = caught if isinstance(caught, Exception) else RuntimeError(f"{type(caught).__name__}: {caught}")
        with contextlib.suppress(RuntimeError):  # the loop may be closed by now
            loop.call_soon_threadsafe(settle, value, error)

    threading.Thread(target=work, daemon=True).start()
    return await result
