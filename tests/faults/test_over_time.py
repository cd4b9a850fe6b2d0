"""Backends that die, come back, or lie about the time while a run goes on."""

import asyncio
import struct
import time
import tracemalloc
from contextlib import AsyncExitStack

import pytest

from infertop.backends.adapters.openai_wire import ChatDecoder
from infertop.backends.transport import stamps
from infertop.engine.lane import DOWN_AFTER
from infertop.engine.meter import Meter
from infertop.engine.plan import ArrivalsPlan, RunPlan, WorkloadPlan

from .neighbours import chunk
from .running import backend, no_tasks_left, nothing_left, run
from .scripts import DONE, FINISH, FIRST, HEAD, TEXT, USAGE, WELL, answers, repeats

WORKLOAD = WorkloadPlan(source="chat", max_tokens=8)
UNREACHABLE = {"connect", "stream cut"}
SLOW = answers(FIRST, *(TEXT,) * 8, FINISH + USAGE + DONE, pause_s=0.02)


def plan(*backends, **more):
    more.setdefault("arrivals", ArrivalsPlan(concurrency=2))
    return RunPlan(backends=backends, workload=WORKLOAD, timeout_s=3.0, **more)


@pytest.fixture
async def clean():
    """Whatever a test starts is gone when it ends."""
    with nothing_left():
        async with no_tasks_left():
            yield


@pytest.mark.usefixtures("clean")
class TestDying:
    async def test_a_server_that_restarts_is_used_again(self, serve):
        async with AsyncExitStack() as opened:
            healthy = await opened.enter_async_context(serve(SLOW))
            first = AsyncExitStack()
            server = await first.enter_async_context(serve(SLOW))

            async def restart():
                await asyncio.sleep(0.5)
                await first.aclose()
                await asyncio.sleep(0.3)
                await opened.enter_async_context(serve(SLOW, port=server.port))
                await asyncio.Event().wait()

            done = await run(
                plan(backend("restarts", server.url), backend("healthy", healthy.url), duration_s=3), restart
            )
        restarted, healthy = done["restarts"], done["healthy"]
        assert set(restarted.errors) <= UNREACHABLE
        assert restarted.failed >= 2, "both requests under way were cut"
        assert max(restarted.latest_ns.values()) < 2.9e9
        assert restarted.state == "ok"
        assert restarted.active_ns > 2.2e9, "it answered again to the end"
        assert (healthy.errors, healthy.state) == ({}, "ok")
        assert healthy.finished > restarted.finished > 4

    @pytest.mark.slow
    async def test_half_the_backends_dying_leaves_the_others_alone(self, serve):
        async with AsyncExitStack() as opened, AsyncExitStack() as mortal:
            lasting = [await opened.enter_async_context(serve(SLOW)) for _ in range(2)]
            dying = [await mortal.enter_async_context(serve(SLOW)) for _ in range(2)]
            names = {f"dies {at}": each.url for at, each in enumerate(dying)}
            names |= {f"lasts {at}": each.url for at, each in enumerate(lasting)}

            async def die():
                await asyncio.sleep(0.4)
                await mortal.aclose()
                await asyncio.Event().wait()

            done = await run(plan(*(backend(name, url) for name, url in names.items()), requests=14), die)
        assert done.frame.stop_reason == "requests"
        for each in done.frame.backends:
            assert each.scheduled == 14
            if each.name.startswith("dies"):
                assert each.state == "down"
                assert set(each.errors) <= UNREACHABLE
                assert each.errors["connect"] >= DOWN_AFTER
                assert each.unsent.keys() <= {"down"}
            else:
                assert (each.finished, each.errors) == (14, {})

    async def test_all_of_them_dying_ends_a_run_of_so_many_prompts(self, serve):
        async with AsyncExitStack() as mortal:
            servers = [await mortal.enter_async_context(serve(SLOW)) for _ in range(2)]

            async def die():
                await asyncio.sleep(0.4)
                await mortal.aclose()
                await asyncio.Event().wait()

            backends = [backend(str(at), each.url) for at, each in enumerate(servers)]
            done = await run(plan(*backends, requests=200), die)
        assert done.frame.stop_reason == "unreachable"
        for each in done.frame.backends:
            assert each.state == "down"
            assert each.scheduled == 200
            assert each.not_sent == each.unsent["down"] > 100
            assert each.finished > 0

    @pytest.mark.slow
    async def test_all_of_them_dying_and_coming_back_goes_on(self, serve):
        async with AsyncExitStack() as opened:
            mortal = AsyncExitStack()
            servers = [await mortal.enter_async_context(serve(SLOW)) for _ in range(2)]

            async def die_and_come_back():
                await asyncio.sleep(0.4)
                await mortal.aclose()
                await asyncio.sleep(0.5)
                for each in servers:
                    await opened.enter_async_context(serve(SLOW, port=each.port))
                await asyncio.Event().wait()

            backends = [backend(str(at), each.url) for at, each in enumerate(servers)]
            done = await run(plan(*backends, duration_s=3.5), die_and_come_back)
        assert done.frame.stop_reason == "duration"
        for each in done.frame.backends:
            assert each.state == "ok"
            assert each.errors["connect"] >= 1
            assert each.active_ns > 2.5e9


class _Stepped:
    """The kernel's receive times as they are once the wall clock was stepped."""

    size = stamps._TIMESPEC.size

    def __init__(self):
        self.by_s = 0

    def unpack(self, data):
        seconds, nanoseconds = struct.unpack("@ll", data)
        return seconds + self.by_s, nanoseconds


@pytest.mark.usefixtures("clean")
async def test_a_wall_clock_that_jumps_makes_no_time_wrong_by_more_than_a_look_at_it(serve, monkeypatch):
    wall, real_time_ns = _Stepped(), time.time_ns
    monkeypatch.setattr(stamps, "_TIMESPEC", wall)
    monkeypatch.setattr(time, "time_ns", lambda: real_time_ns() + wall.by_s * 1_000_000_000)

    async def jump():
        for by_s in (3600, -3600, 86_400, 0):
            await asyncio.sleep(0.3)
            wall.by_s = by_s
        await asyncio.Event().wait()

    async with serve(SLOW) as server:
        done = await run(plan(backend("a", server.url), duration_s=1.5), jump)
    told = done["a"]
    assert told.stamp == "kernel"
    assert told.errors == {}
    assert told.finished >= 6
    assert told.active_ns < 4e9
    for name, state in told.histograms.items():
        assert 0 <= state.min_ns <= state.max_ns < 2e9, name
    for record in done.records:
        assert 0 <= record.sent_ns <= record.first_ns <= record.last_ns < 4e9


@pytest.mark.usefixtures("clean")
class TestOurs:
    """Faults of infertop's own in one request end that request and nothing else."""

    @pytest.mark.parametrize("method", ["arrive", "finish", "_settle_tokens"])
    async def test_a_fault_in_measuring_is_counted_and_the_lane_lives(self, serve, monkeypatch, method):
        real = getattr(Meter, method)

        def faulty(meter, *args):
            if meter._index % 2:
                raise ArithmeticError("no such number")
            return real(meter, *args)

        monkeypatch.setattr(Meter, method, faulty)
        async with serve(WELL) as server:
            done = await run(plan(backend("a", server.url), requests=10))
        told = done["a"]
        assert (told.finished, told.errors, told.in_flight) == (5, {"internal": 5}, 0)
        assert told.last_error == "ArithmeticError: no such number"
        assert done.frame.stop_reason == "requests"

    async def test_a_fault_in_decoding_is_counted(self, serve, monkeypatch):
        def faulty(decoder, at_ns, payloads):
            raise KeyError("choices")

        monkeypatch.setattr(ChatDecoder, "decode", faulty)
        async with serve(WELL) as server:
            done = await run(plan(backend("a", server.url), requests=4))
        assert done["a"].errors == {"internal": 4}


@pytest.mark.slow
async def test_an_answer_without_end_takes_no_memory_without_end(serve):
    """A minute at full speed would bring gigabytes; what is kept of it must not grow with it."""
    long = FIRST.replace(b"one", b"x" * 5000)
    async with serve(repeats(HEAD, chunk(long * 12))) as server:
        tracemalloc.start()
        try:
            done = await run(plan(backend("a", server.url), requests=2))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert done["a"].errors == {"timeout": 2}
    assert done["a"].characters > 5e6, "far more came"
    assert peak < 24 << 20
