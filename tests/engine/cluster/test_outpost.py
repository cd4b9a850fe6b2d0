"""The actor's part, without Ray: a real worker's process, and its messages on their way."""

import asyncio

import msgspec

from infertop import __version__
from infertop.engine.channel import FAILURE, FRAME, OPEN, PLACE, PLAN, READY, RECORDS
from infertop.engine.cluster import outpost as outpost_module
from infertop.engine.cluster.outpost import Greeting, Outbox, Outpost
from infertop.engine.frame import decode
from infertop.engine.place import Opening, Place
from infertop.engine.plan import BackendPlan, RunPlan
from infertop.engine.share import Share
from infertop.engine.watcher import MOST_WAITING


async def test_of_frames_only_the_newest_waits_and_all_else_is_kept_in_order():
    outbox = Outbox()
    for kind, body in [(FRAME, b"1"), (READY, b""), (RECORDS, b"a"), (FRAME, b"2"), (RECORDS, b"b")]:
        outbox.put(kind, body)
    assert await outbox.take() == [(READY, b""), (RECORDS, b"a"), (RECORDS, b"b"), (FRAME, b"2")]
    waiting = asyncio.create_task(outbox.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    outbox.put(FAILURE, b"no")
    outbox.close()
    assert await waiting == [(FAILURE, b"no")]
    assert await outbox.take() is None
    assert await outbox.take() is None


async def test_records_that_nobody_fetches_are_given_up_and_nothing_else_is():
    outbox = Outbox()
    half = bytes(MOST_WAITING // 2 + 1)
    for _ in range(5):
        outbox.put(RECORDS, half)
    outbox.put(READY, b"")
    assert await outbox.take() == [(RECORDS, half), (RECORDS, half), (READY, b"")]


async def test_a_worker_is_run_by_messages_alone():
    outpost = Outpost()
    greeting = msgspec.msgpack.decode(await outpost.greet(), type=Greeting)
    assert greeting.infertop == __version__
    assert greeting.machine.startswith(greeting.host)
    plan = RunPlan(backends=(BackendPlan(name="nobody", url="http://127.0.0.1:9/v1", model="m"),), duration_s=0.2)
    place = Place(Share(1, 2), {})
    await outpost.tell([(PLACE, msgspec.msgpack.encode(place)), (PLAN, msgspec.msgpack.encode(plan))])
    seen = []
    async with asyncio.timeout(20):
        while (messages := await outpost.hear()) is not None:
            seen += messages
            if (READY, b"") in messages:
                at_ns = await outpost.now_ns() + 50_000_000
                await outpost.tell([(OPEN, msgspec.msgpack.encode(Opening(at_ns, "2026-11-23T12:00:00.000+00:00")))])
        await outpost.end()
    last = decode([body for kind, body in seen if kind == FRAME][-1])
    assert (last.phase, last.workers, last.started_utc) == ("done", 2, "2026-11-23T12:00:00.000+00:00")
    assert last.backends[0].scheduled == last.backends[0].failed + last.backends[0].not_sent


async def test_a_worker_that_dies_leaves_word_of_how():
    outpost = Outpost()
    await outpost.greet()
    outpost._worker.kill()
    assert await outpost.hear() is None
    assert await outpost.epitaph() == "the engine ended unexpectedly (exit status -9)"


async def test_a_worker_that_nobody_listens_to_any_more_is_ended(monkeypatch):
    monkeypatch.setattr(outpost_module, "LEFT_S", 0.5)
    outpost = Outpost()
    await outpost.greet()
    await asyncio.sleep(1)
    assert not outpost._worker.gone.is_set()  # it waits for its plan, and has said nothing
    plan = RunPlan(backends=(BackendPlan(name="nobody", url="http://127.0.0.1:9/v1", model="m"),))
    await outpost.tell(
        [(PLACE, msgspec.msgpack.encode(Place(Share(0, 1), {}))), (PLAN, msgspec.msgpack.encode(plan))]
    )
    await asyncio.wait_for(outpost._worker.gone.wait(), 20)
    assert await outpost.epitaph() == "the engine ended unexpectedly (exit status -9)"
