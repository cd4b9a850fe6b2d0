"""Records of requests on their way out: all of them with the next flush, bounded when nobody takes them."""

import msgspec

from infertop.backends.errors import BackendError, ErrorKind
from infertop.engine.channel import RECORDS
from infertop.engine.ledger import MOST_GATHERED, Ledger
from infertop.engine.meter import Meter
from infertop.engine.record import RequestRecord
from infertop.engine.tally import Tally
from infertop.engine.watcher import MOST_WAITING, Watcher


def record(index, **more):
    return RequestRecord(backend="a", index=index, scheduled_ns=index, **more)


def taken(batches):
    return [each for batch in batches for each in msgspec.msgpack.decode(batch, type=list[RequestRecord])]


def test_what_was_gathered_goes_out_once():
    sent = []
    ledger = Ledger(0, sent.append)
    ledger.flush()
    assert sent == []
    for index in range(5):
        ledger.add(record(index))
    ledger.flush()
    ledger.flush()
    assert taken(sent) == [record(index) for index in range(5)]


def test_more_than_there_is_room_for_is_given_up():
    sent = []
    ledger = Ledger(0, sent.append)
    for index in range(MOST_GATHERED + 7):
        ledger.add(record(index))
    ledger.flush()
    assert len(taken(sent)) == MOST_GATHERED


def test_long_texts_do_not_wait():
    sent = []
    ledger = Ledger(0, sent.append, texts=True)
    for index in range(9):
        ledger.add(record(index, answer="x" * (1 << 20)))
    assert len(taken(sent)) == 9
    assert all(len(batch) < 16 << 20 for batch in sent)


async def test_a_watcher_that_takes_nothing_gets_no_more():
    watcher = Watcher()
    batch = bytes(1 << 20)
    for _ in range(40):
        watcher.record(batch)
    assert MOST_WAITING < watcher.channel.waiting <= MOST_WAITING + len(batch) + 100
    assert {message[:1] for message in watcher.channel._kept} == {RECORDS}


def test_a_request_that_failed_before_it_was_sent_is_recorded_so():
    tally = Tally(1_000)
    meter = Meter(tally, 3, 1_500, 40)
    error = BackendError(ErrorKind.CONNECT, "nobody\x1b[31m there")
    meter.fail(error)
    made = meter.record(error, judged=True, backend="a", worker=2, workload="chat")
    assert made == RequestRecord(
        backend="a", index=3, worker=2, workload="chat", status="failed", error="connect",
        message="nobody\N{REPLACEMENT CHARACTER}[31m there", scheduled_ns=500, prompt_characters=40, good=False,
    )  # fmt: skip
    assert meter.record(error, judged=False, backend="a").good is None


def test_what_a_server_times_without_sense_is_left_out():
    tally = Tally(0)
    meter = Meter(tally, 0, 0, 4)
    meter._vendor = {"queue": 0.25, "odd": float("inf"), "none": float("nan")}
    meter.fail(BackendError(ErrorKind.SERVER, "no"))
    assert meter.record(BackendError(ErrorKind.SERVER, "no"), judged=False, backend="a").vendor == {"queue": 0.25}
