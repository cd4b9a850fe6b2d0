"""No cluster to run on: one line and a documented exit code, soon."""

import asyncio
import socket
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from importlib.util import find_spec

import pytest

from infertop.engine.cluster import joining
from infertop.engine.cluster.knock import knock
from infertop.engine.commands import Stop
from infertop.engine.plan import BackendPlan, RunPlan
from infertop.engine.process import EngineProcess
from infertop.engine.watcher import RunError

SETTINGS = bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
RUN = ["sim:groq", "--duration", "1s", "--headless"]


def infertop(address, before=""):
    """What a run on the cluster at `address` comes to: the exit code, what is said, and how long it takes."""
    program = (
        f"import sys\n{before}\nfrom infertop.tui.cli import main\nsys.exit(main([*{RUN!r}, '--ray', {address!r}]))"
    )
    began_s = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr.strip(), time.monotonic() - began_s


def test_without_the_extra_it_says_what_to_install():
    code, said, _ = infertop("head:6379", "sys.modules['ray'] = None")
    assert (code, said) == (2, "infertop: --ray: a Ray cluster needs the extra ray: pip install 'infertop[ray]'")


@pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray: pip install 'infertop[ray]'")
@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_where_nobody_listens_it_says_so(scheme):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"{scheme}127.0.0.1:{unused.getsockname()[1]}"
        code, said, took_s = infertop(address)
    assert code == 1
    assert said.splitlines()[-1].endswith(f"--ray {address}: nothing answers there: Connection refused")
    assert took_s < 20


@asynccontextmanager
async def says(answer, hangs_up=False):
    """The address of what answers each connection with that, and then hangs up or says nothing more."""
    serving = []

    async def serve(reader, writer):
        serving.append(asyncio.current_task())
        writer.write(answer)
        if not hangs_up:
            await reader.read()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.gather(*serving, return_exceptions=True)


@pytest.mark.parametrize("scheme", ["", "ray://"])
@pytest.mark.parametrize(("answer", "hangs_up"), [(b"HTTP/1.1 505 No\r\n\r\n", False), (b"", True), (b"220 ", True)])
async def test_where_something_else_listens_it_says_so_at_once(scheme, answer, hangs_up):
    async with says(answer, hangs_up) as address:
        with pytest.raises(RunError, match=rf"^--ray {scheme}{address}: (what|nothing) answers there"):
            await knock(f"{scheme}{address}")


@pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray: pip install 'infertop[ray]'")
async def test_a_run_that_is_stopped_while_a_cluster_keeps_it_waiting_ends_at_once():
    async with says(SETTINGS) as address:
        backends = (BackendPlan(name="a", url="http://127.0.0.1:9/v1", model="m"),)
        engine = await EngineProcess.start(RunPlan(backends=backends, workers=2, ray=address))
        async for frame in engine.frames():
            assert (frame.phase, frame.workers, [each.name for each in frame.backends]) == ("starting", 2, ["a"])
            break
        began_s = time.monotonic()
        engine.send(Stop("interrupted"))
        last = [frame async for frame in engine.frames()][-1]
        assert (last.phase, last.stop_reason) == ("done", "interrupted")
        await engine.stop()
        assert time.monotonic() - began_s < 5


async def test_a_client_server_that_is_stillborn_gets_a_successor(monkeypatch):
    born = iter([ConnectionAbortedError("RuntimeError: Starting Ray client server failed. See …"), "ray"])

    def init(address):
        if isinstance(outcome := next(born), Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(joining, "_init", init)
    assert await joining._enter("ray://head:10001") == "ray"
