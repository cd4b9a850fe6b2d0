"""A run that needs more connections than the system allows is refused with words, and never blamed on a server."""

import os
import resource
import socket
import subprocess
import sys
import tracemalloc  # noqa: F401 - pytest would load it when no file can be opened
from contextlib import ExitStack
from pathlib import Path

import pytest

from infertop.backends.transport.stamps import StampedReader
from infertop.engine.plan import ArrivalsPlan, RunPlan, WorkloadPlan
from infertop.engine.process import EngineError, EngineProcess

from .running import backend, run
from .scripts import WELL

IN_A_LIMIT = """
import asyncio, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (80, int(sys.argv[1])))
from infertop.engine.descriptors import make_room
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan
from infertop.engine.share import Share
from infertop.engine.watcher import RunError
caps = {"a": None, "b": 50}
two = tuple(BackendPlan(name=name, url="http://127.0.0.1:1", max_concurrency=cap) for name, cap in caps.items())
try:
    make_room(RunPlan(backends=two, arrivals=ArrivalsPlan(concurrency=100)), Share(0, int(sys.argv[2])))
    print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
except RunError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("hard", "workers", "says"),
    [
        (4096, 1, "214\n"),
        (
            100,
            1,
            "150 requests in flight need 214 open files and the system allows a process 100: lower --concurrency",
        ),
        (140, 2, "139\n"),
    ],
)
def test_the_limit_is_raised_or_the_run_refused(hard, workers, says):
    command = [sys.executable, "-c", IN_A_LIMIT, str(hard), str(workers)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert says in done.stdout, done.stderr


async def test_an_engine_says_so_before_anything_is_sent(serve):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    async with serve(WELL) as server:
        plan = RunPlan(backends=(backend("a", server.url),), arrivals=ArrivalsPlan(concurrency=most + 1))
        engine = await EngineProcess.start(plan)
        with pytest.raises(EngineError, match="lower --concurrency"):
            [frame async for frame in engine.frames()]
        await engine.stop()
    assert server.connections == 0


async def test_no_server_is_blamed_for_descriptors_that_run_out():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent, ExitStack() as filled:
        plan = RunPlan(
            backends=(backend("a", f"http://127.0.0.1:{silent.getsockname()[1]}"),),
            workload=WorkloadPlan(source="chat", max_tokens=8),
            arrivals=ArrivalsPlan(concurrency=60),
            requests=60,
            timeout_s=1.0,
        )
        StampedReader()  # the first of a process keeps a socket
        highest = _highest_descriptor()
        while (gap := os.dup(silent.fileno())) <= highest:
            filled.callback(os.close, gap)
        os.close(gap)
        resource.setrlimit(resource.RLIMIT_NOFILE, (gap + 40, hard))
        try:
            done = await run(plan)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    told = done["a"]
    assert told.errors.keys() == {"internal", "timeout"}
    assert told.errors["internal"] >= 20


def _highest_descriptor() -> int:
    return max(int(each.name) for each in Path("/proc/self/fd").iterdir())
