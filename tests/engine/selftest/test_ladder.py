"""The self-test against its real server, at loads any machine can bear."""

import asyncio
import sys
import time
from contextlib import aclosing, asynccontextmanager

import pytest
from msgspec.structs import replace

from infertop.backends.base import Arrival, Request
from infertop.backends.groundtruth import start_ground_truth
from infertop.engine.selftest import ladder
from infertop.engine.selftest.ladder import QUICK, USUAL, climb, measure
from infertop.engine.selftest.process import SelfTestError, self_test
from infertop.engine.selftest.recorder import Recorder
from infertop.engine.selftest.report import Finding, Load

SMALL = Load(streams=4, tokens=20, ttft_ms=10, gap_ms=5, seconds=0.5)


@pytest.fixture(scope="module")
def server():
    with start_ground_truth() as server:
        yield server


async def test_what_was_measured_is_what_was_written(server):
    found = await measure(SMALL, server)
    assert (found.failed, found.accuracy.lost, found.accuracy.doubled) == (0, 0, 0)
    assert found.accuracy.requests >= 8
    assert found.accuracy.tokens == 20 * found.accuracy.requests
    assert found.accuracy.ttft_error_ms.n == found.accuracy.requests
    assert found.accuracy.gap_error_ms.n == 19 * found.accuracy.requests
    assert found.written_tok_s == pytest.approx(SMALL.asked_tok_s, rel=0.25)
    assert found.counted_tok_s == pytest.approx(found.written_tok_s, rel=0.1)
    assert found.server_late_ms.n == found.accuracy.tokens
    assert found.loop_lag_ms.n
    assert 0 < found.cpu_share < 1.5
    assert 0 < found.server_cpu_share < 1.5
    assert found.stamp == ("kernel" if sys.platform == "linux" else "user")


async def test_the_next_load_starts_from_nothing(server):
    first, second = await measure(SMALL, server), await measure(SMALL, server)
    assert second.accuracy.tokens < 2 * first.accuracy.tokens
    assert not second.accuracy.doubled


async def test_a_burst(server):
    found = await measure(Load(streams=4, tokens=300, ttft_ms=0, gap_ms=0, seconds=0.3), server)
    assert found.counted_tok_s > 5 * 4 * 100
    assert (found.accuracy.lost, found.accuracy.doubled) == (0, 0)
    assert found.server_late_ms.n == 0
    assert found.load.asked_tok_s is None


async def test_a_token_lost_on_the_way_is_found(server, monkeypatch):
    """The last read of every answer is forgotten."""

    class Leaky(Recorder):
        @asynccontextmanager
        async def send(self, request):
            async with super().send(request) as answer:
                yield answer
            self.observed[-1].chunks.pop()
            self.observed[-1].at_ns.pop()
            self.observed[-1].texts.pop()

    monkeypatch.setattr(ladder, "Recorder", Leaky)
    found = await measure(replace(SMALL, streams=1), server)
    assert found.accuracy.lost >= found.accuracy.requests > 0
    assert found.grade == "cannot"


async def test_a_server_that_is_gone_is_no_endless_loop():
    with start_ground_truth() as server:
        server.take_log()
    with pytest.raises(ConnectionRefusedError):
        await measure(SMALL, server)


def graded_as(monkeypatch, *grades):
    """Let `measure` find `grades`, one after the other, after the warm-up; the loads it was given."""
    given, left = [], ["ok", *grades]

    async def measured(load, _):
        given.append(load)
        return Finding(load=load, grade=left.pop(0))

    monkeypatch.setattr(ladder, "measure", measured)
    return given


async def test_it_rises_until_it_cannot_and_then_only_bursts(monkeypatch):
    given = graded_as(monkeypatch, "ok", "careful", "cannot", "ok")
    findings = [finding async for finding in climb(USUAL, None)]
    assert [finding.load.streams for finding in findings] == [8, 32, 128, 64]
    assert [load.streams for load in given[1:]] == [8, 32, 128, 64]


async def test_the_lowest_load_has_a_second_chance(monkeypatch):
    graded_as(monkeypatch, "cannot", "careful", "ok", "ok")
    assert [finding.grade async for finding in climb(QUICK, None)] == ["careful", "ok", "ok"]
    graded_as(monkeypatch, "cannot", "cannot", "ok")
    assert [finding.grade async for finding in climb(QUICK, None)] == ["cannot", "ok"]


async def test_the_recorder_lets_everything_through():
    arrivals = [Arrival(1, chunks=0), Arrival(5, chunks=2, text="ab"), Arrival(9, chunks=1, text="c")]

    class Answer:
        sent_ns, connect_ns, resent, stamp, server, limits = 3, 4, True, "user", "x", ()

        async def deliver(self, take):
            for arrival in arrivals:
                take(arrival)

    class Backend:
        can_fix_length = True

        @asynccontextmanager
        async def send(self, request):
            yield Answer()

    recorder = Recorder(Backend())
    async with recorder.send(Request(7, (), 1)) as answer:
        assert (answer.sent_ns, answer.connect_ns, answer.resent, answer.stamp, answer.server) == (
            3, 4, True, "user", "x",
        )  # fmt: skip
        taken = []
        await answer.deliver(taken.append)
    assert taken == arrivals
    (seen,) = recorder.observed
    assert (seen.index, seen.sent_ns, seen.at_ns, seen.chunks, seen.texts) == (7, 3, [5, 9], [2, 1], ["ab", "c"])


async def test_its_own_process():
    loads = [SMALL, replace(SMALL, streams=2)]
    found = [finding async for finding in self_test(loads)]
    assert [finding.load for finding in found] == loads
    assert all(finding.accuracy.requests and not finding.accuracy.lost for finding in found)


async def test_it_ends_when_nobody_listens_any_more():
    start = time.monotonic()
    async with aclosing(self_test([SMALL, replace(SMALL, seconds=60)])) as found:
        await anext(found)
    assert time.monotonic() - start < 10


@pytest.fixture
def dying(tmp_path, monkeypatch):
    """A self-test process that complains and dies."""
    script = tmp_path / "dies"
    script.write_text("#!/bin/sh\necho first >&2\nprintf 'no \\033[2Jroom\\n' >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))


async def test_a_process_that_dies_is_an_error(dying):
    with pytest.raises(SelfTestError, match=r"the self-test broke off: no .*room") as error:
        await asyncio.wait_for(anext(self_test([SMALL])), 10)
    assert "\x1b" not in str(error.value)
