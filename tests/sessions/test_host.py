"""The host of a session: it hands on, records, outlives its screens only when told, and never leaves an orphan."""

import asyncio
import os
import resource
import signal
import socket
import struct
import sys
from pathlib import Path

import pytest

from infertop.engine.channel import COMMAND, FRAME
from infertop.engine.commands import SetConcurrency
from infertop.engine.inbox import EngineError
from infertop.engine.plan import ArrivalsPlan, WorkloadPlan
from infertop.sessions.folder import is_running, short_path, socket_path
from infertop.sessions.journal.reader import open_recording
from infertop.sessions.session import Session, SessionError, statuses

from .hosted import alive, all_gone, answered, family, is_whole, named, order, session, watch

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for orphans in /proc")


async def test_a_session_is_recorded_whole(tmp_path):
    async with session(tmp_path, "cerebras", "groq", requests=30, warmup=4) as ours:
        frames = [frame async for frame in ours.frames()]
        last = await ours.stop()
    assert last == frames[-1]
    assert (last.phase, last.stop_reason) == ("done", "requests")
    with open_recording(ours.status.file) as recording:
        assert recording.last_frame() == last
        assert (recording.facts.finished, recording.facts.stop_reason) == (True, "requests")
        assert recording.facts.labels == ("SIM",)
        assert recording.facts.plan.backends[1].name == "groq"
        requests = list(recording.requests())
        kinds = [event.kind for event in recording.events()]
        assert (set(kinds), kinds[-1]) == ({"phase", "end"}, "end")
    assert len(requests) == sum(backend.finished for backend in last.backends) == 60  # the warm-up is not among them
    for backend in last.backends:
        own = [each for each in requests if each.backend == backend.name]
        assert sorted(each.index for each in own) == list(range(30))
        assert sum(each.output_tokens for each in own) == backend.output_tokens
        assert sum(each.chunks for each in own) == backend.chunks
        assert sum(each.cost_usd for each in own) == pytest.approx(backend.spent_usd) if backend.price else True
        assert all(each.status == "finished" and each.token_source == "usage" for each in own)
        assert all(0 <= each.scheduled_ns <= each.sent_ns < each.first_ns <= each.last_ns for each in own)
    assert is_whole(ours.status.file)
    assert not is_running(tmp_path, ours.status.id)


@pytest.mark.slow
async def test_the_records_of_several_workers_come_through_their_crew(tmp_path):
    async with session(tmp_path, "cerebras", requests=40, workers=2, arrivals=ArrivalsPlan(concurrency=4)) as ours:
        frames = [frame async for frame in ours.frames()]
        await ours.stop()
    with open_recording(ours.status.file) as recording:
        requests = list(recording.requests())
        assert recording.last_frame() == frames[-1]
    assert sorted(each.index for each in requests) == list(range(40))
    assert all(each.worker == each.index % 2 for each in requests)


@pytest.mark.slow
async def test_failures_are_recorded_with_their_kind(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ordered = order(tmp_path, "cerebras", duration_s=1.0)
    from msgspec.structs import replace

    dead = replace(ordered.plan.backends[0], name="dead", url=f"http://127.0.0.1:{port}/v1", model="m")
    ours = await Session.start(replace(ordered, plan=replace(ordered.plan, backends=(*ordered.plan.backends, dead))))
    frames = [frame async for frame in ours.frames()]
    await ours.stop()
    with open_recording(ours.status.file) as recording:
        failed = [each for each in recording.requests() if each.backend == "dead"]
        kinds = {event.kind for event in recording.events() if event.backend == "dead"}
    assert len(failed) == frames[-1].backends[1].failed > 0
    assert {each.status for each in failed} == {"failed"}
    assert {each.error for each in failed} == {"connect"}
    assert all("refused" in each.message for each in failed)
    assert {"error", "down"} <= kinds


def text_of(path):
    """What can be read in the file besides numbers, but for the name of the workload."""
    return Path(path).read_bytes().lower().replace(b"classification", b"")


@pytest.mark.parametrize("keep", [True, False])
async def test_prompts_and_answers_are_kept_only_when_asked(tmp_path, keep):
    async with session(tmp_path, requests=3, keep_text=keep) as ours:
        [frame async for frame in ours.frames()]
        await ours.stop()
    with open_recording(ours.status.file) as recording:
        requests = list(recording.requests())
    assert len(requests) == 3
    if keep:
        assert all(each.prompt and len(each.answer) == each.characters for each in requests)
    else:
        assert {(each.prompt, each.answer) for each in requests} == {(None, None)}
        assert b"classif" not in text_of(ours.status.file)


@pytest.mark.slow
async def test_a_journal_can_be_elsewhere_or_nowhere(tmp_path):
    async with session(tmp_path / "state", requests=2, file=tmp_path / "mine.itop") as ours:
        [frame async for frame in ours.frames()]
    assert ours.status.file == str(tmp_path / "mine.itop")
    assert open_recording(tmp_path / "mine.itop").facts.finished
    async with session(tmp_path / "state", requests=2, record=False) as ours:
        last = [frame async for frame in ours.frames()][-1]
    assert (last.backends[0].finished, ours.status.file, ours.status.problem) == (2, "", "")
    assert not list((tmp_path / "state").glob("*.itop"))


async def test_several_screens_watch_and_steer_one_session(tmp_path):
    async with session(tmp_path, "inferentia2", workload=WorkloadPlan(max_tokens=200)) as ours:
        await watch(ours, lambda frame: frame.phase == "running")
        others = [await Session.attach(tmp_path, ours.status.id) for _ in range(2)]
        others[0].send(SetConcurrency(3))
        for each in (*others, ours):
            seen = await watch(each, lambda frame: frame.arrivals.concurrency == 3)
            assert [marker.text for marker in seen[-1].markers] == ["concurrency 3"]
        assert ours.status.watchers == 3
        assert [status.id for status in await statuses(tmp_path)] == [ours.status.id]
        await others[0].leave()
        await watch(others[1], lambda frame: frame.seq > seen[-1].seq)  # goes on
        last = await others[1].stop()  # for everybody
        assert (last.phase, last.stop_reason) == ("done", "told")
        assert [frame async for frame in ours.frames()][-1] == last
    with pytest.raises(SessionError, match="is running"):
        await Session.attach(tmp_path, ours.status.id)


async def test_a_detached_session_goes_on_and_can_be_attached_to_again(tmp_path):
    async with session(tmp_path) as ours:
        await watch(ours, answered(5))
        await ours.detach()
    (status,) = await statuses(tmp_path)
    assert (status.detached, status.problem) == (True, "")
    processes = family(status.host)
    again = await Session.attach(tmp_path, status.id)
    await watch(again, answered(40))
    await again.leave()
    await asyncio.sleep(0.3)
    assert alive(processes)
    last = await (await Session.attach(tmp_path, status.id)).stop()
    assert last.stop_reason == "told"
    assert all_gone(processes)
    with open_recording(status.file) as recording:
        assert recording.facts.stop_reason == "told"
        assert recording.count_requests() == last.backends[0].finished + last.backends[0].failed


async def test_without_anybody_who_watches_it_ends(tmp_path):
    ours = await Session.start(order(tmp_path))
    await watch(ours, answered(5))
    processes = family(ours.status.host)
    assert len(processes) >= 3  # host, engine, fleet
    await ours.leave()
    assert await asyncio.to_thread(all_gone, processes, 3)
    with open_recording(ours.status.file) as recording:
        assert (recording.facts.finished, recording.facts.stop_reason) == (True, "parent gone")
    await ours.stop()


SCREEN = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.sessions.hosted import order
from infertop.sessions.session import Session

async def main():
    ours = await Session.start(order(Path(sys.argv[2])))
    async for frame in ours.frames():
        if frame.phase == "running" and frame.backends[0].finished > 5:
            print(ours.status.host, ours.status.file, flush=True)
asyncio.run(main())
"""


def test_killing_the_screen_ends_the_session_orderly(tmp_path):
    import subprocess

    root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-c", SCREEN, root, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as screen:
        host, file = screen.stdout.readline().split()
        processes = family(int(host))
        screen.kill()
    assert all_gone(processes, 3)
    with open_recording(file) as recording:
        assert (recording.facts.finished, recording.facts.stop_reason) == (True, "parent gone")
        last = recording.last_frame()
        assert (last.phase, last.stop_reason) == ("done", "parent gone")
        assert recording.count_requests() == last.backends[0].finished


async def test_killing_the_engine_is_told_and_closes_the_journal(tmp_path):
    async with session(tmp_path) as ours:
        await watch(ours, answered(5))
        processes = family(ours.status.host)
        os.kill(named(processes, b"infertop.engine.worker")[0], signal.SIGKILL)
        with pytest.raises(EngineError, match=r"the engine ended unexpectedly \(exit status -9\)"):
            [frame async for frame in ours.frames()]
    assert all_gone(processes)
    with open_recording(ours.status.file) as recording:
        assert recording.facts.finished
        assert recording.facts.stop_reason == "the engine ended unexpectedly (exit status -9)"
        assert recording.last_frame().backends[0].finished >= 5
        assert recording.count_requests() >= 5


async def test_killing_the_host_ends_the_engine_and_leaves_the_journal_whole(tmp_path):
    async with session(tmp_path) as ours:
        await watch(ours, lambda frame: frame.at_ns > 1_500_000_000)
        processes = family(ours.status.host)
        os.kill(ours.status.host, signal.SIGKILL)
        with pytest.raises(EngineError, match=r"host ended unexpectedly \(exit status -9\)"):
            [frame async for frame in ours.frames()]
        last = await ours.stop()
    assert all_gone(processes)
    assert is_whole(ours.status.file)
    with open_recording(ours.status.file) as recording:
        assert not recording.facts.finished
        assert recording.duration_ns() >= last.at_ns - 1_500_000_000


@pytest.mark.slow
async def test_a_sigterm_ends_the_session_as_an_interruption(tmp_path):
    async with session(tmp_path) as ours:
        await watch(ours, answered(3))
        os.kill(ours.status.host, signal.SIGTERM)
        frames = [frame async for frame in ours.frames()]
        assert (frames[-1].phase, frames[-1].stop_reason) == ("done", "interrupted")
    with open_recording(ours.status.file) as recording:
        assert recording.facts.stop_reason == "interrupted"


async def test_a_plan_that_cannot_run_says_why_and_so_does_its_journal(tmp_path):
    async with session(tmp_path, workload=WorkloadPlan(source="/nowhere/prompts.jsonl")) as ours:
        with pytest.raises(EngineError, match=r"/nowhere/prompts\.jsonl"):
            [frame async for frame in ours.frames()]
    with open_recording(ours.status.file) as recording:
        assert "/nowhere/prompts.jsonl" in recording.facts.stop_reason


async def test_a_disk_that_fills_up_stops_the_journal_and_not_the_run(tmp_path):
    async with session(tmp_path) as ours:
        await watch(ours, answered(5))
        written = sum(path.stat().st_size for path in tmp_path.glob("*.itop*"))
        _, most = resource.prlimit(ours.status.host, resource.RLIMIT_FSIZE)
        resource.prlimit(ours.status.host, resource.RLIMIT_FSIZE, (written + 4096, most))
        seen = await watch(ours, lambda frame: ours.problem != "")
        assert ours.problem.startswith("NOT RECORDING: ")
        with open_recording(ours.status.file) as recording:
            before = recording.count_requests()
            assert list(recording.requests())
        seen = await watch(ours, answered(seen[-1].backends[0].finished + 20))
        resource.prlimit(ours.status.host, resource.RLIMIT_FSIZE, (most, most))
        await watch(ours, lambda frame: ours.problem == "")
        last = await ours.stop()
    assert is_whole(ours.status.file)
    with open_recording(ours.status.file) as recording:
        assert recording.count_requests() == last.backends[0].finished > before  # what waited was written later
        told = [event.text for event in recording.events() if event.kind == "recording"]
        assert told[0].startswith("NOT RECORDING")
        assert told[1:] == ["recording again"]
        assert recording.facts.finished


async def test_a_folder_that_cannot_be_written_is_told_and_the_run_goes_on(tmp_path):
    (tmp_path / "state").write_text("a file in its place")
    async with session(tmp_path / "state" / "sessions", requests=5) as ours:
        frames = [frame async for frame in ours.frames()]
        assert ours.problem == "NOT RECORDING: Not a directory"
    assert frames[-1].backends[0].finished == 5


@pytest.mark.slow
async def test_a_screen_that_talks_nonsense_is_shown_out(tmp_path):
    async with session(tmp_path) as ours:
        await watch(ours, answered(1))
        for nonsense in (b"\xff" * 100, struct.pack("<cI", COMMAND, 3) + b"abc", struct.pack("<cI", FRAME, 1 << 31)):
            with socket.socket(socket.AF_UNIX) as screen:
                screen.connect(str(socket_path(tmp_path, ours.status.id)))
                screen.sendall(nonsense)
                await asyncio.sleep(0.05)
        await watch(ours, answered(20))
        assert ours.status.watchers == 1


@pytest.mark.slow
async def test_a_long_path_to_the_state_folder_is_no_obstacle(tmp_path):
    folder = tmp_path / ("long" * 20) / ("longer" * 15)
    async with session(folder) as ours:
        await watch(ours, answered(1))
        assert len(str(socket_path(folder, ours.status.id))) > 150
        other = await Session.attach(folder, ours.status.id)
        await watch(other, answered(2))
        await other.leave()
    with short_path(Path("/tmp/x.sock")) as near:
        assert near == "/tmp/x.sock"


async def test_only_the_owner_can_attach(tmp_path):
    async with session(tmp_path) as ours:
        await watch(ours, answered(1))
        path = socket_path(tmp_path, ours.status.id)
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_a_session_without_a_folder_leaves_nothing_anywhere(tmp_path, monkeypatch):
    from msgspec.structs import replace

    monkeypatch.chdir(tmp_path)
    ours = await Session.start(replace(order(tmp_path, requests=2), folder=""))
    last = [frame async for frame in ours.frames()][-1]
    await ours.stop()
    assert (last.backends[0].finished, ours.status.file, ours.status.problem) == (2, "", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
async def test_an_engine_that_hangs_is_ended_when_nobody_watches(tmp_path):
    ours = await Session.start(order(tmp_path))
    await watch(ours, answered(5))
    processes = family(ours.status.host)
    os.kill(named(processes, b"infertop.engine.worker")[0], signal.SIGSTOP)
    await ours.leave()
    assert await asyncio.to_thread(all_gone, processes, 20)
    with open_recording(ours.status.file) as recording:
        assert recording.facts.stop_reason == "the engine ended unexpectedly (exit status -9)"
    await ours.stop()
