"""Every metric of measurement.md's table, from streams computed by hand. All times here are in ms."""

from dataclasses import dataclass
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.base import Arrival, Usage
from infertop.backends.errors import BackendError, ErrorKind
from infertop.engine.histogram import ALPHA
from infertop.engine.meter import Meter
from infertop.engine.plan import SloPlan
from infertop.engine.tally import Tally

MS = 1_000_000
NO_SLO = SloPlan()


@dataclass
class Opened:
    sent_ns: int
    connect_ns: int = 0
    resent: bool = False
    stamp: Literal["kernel", "user"] = "kernel"
    server: str = ""
    limits: tuple = ()


def at(ms, text="x", **more):
    more.setdefault("chunks", 1)
    more.setdefault("answer_chunks", more["chunks"])
    return Arrival(at_ns=round(ms * MS), text=text, **more)


def reasoning(ms, text="hm"):
    return Arrival(at_ns=round(ms * MS), chunks=1, reasoning=text)


def silent(ms, **more):
    return Arrival(at_ns=round(ms * MS), **more)


def measure(*arrivals, tally=None, index=0, scheduled=0.0, sent=0.0, slo=NO_SLO, connect=0.0, prompt=40):
    tally = tally or Tally(0)
    meter = Meter(tally, index, round(scheduled * MS), prompt)
    meter.sent(Opened(round(sent * MS), round(connect * MS)))
    for arrival in arrivals:
        meter.arrive(arrival)
    meter.finish(slo)
    return tally


def only(tally, metric):
    histogram = tally.histograms[metric]
    assert len(histogram) == 1, metric
    return histogram.mean_ns() / MS


def gaps(tally, metric="icl"):
    histogram = tally.histograms[metric]
    return len(histogram), histogram.mean_ns() / MS if len(histogram) else None


def test_a_plain_stream():
    tally = measure(at(110), at(120), at(150), silent(151, usage=Usage(7, 3), finish_reason="stop"), sent=10)
    assert only(tally, "ttft") == 100
    assert only(tally, "e2e") == 140  # to the last content, not to the usage or the close
    assert only(tally, "tpot") == 20  # (150 - 110) / (3 - 1)
    assert gaps(tally) == (2, 20)
    assert only(tally, "send_lag") == 10
    assert (tally.input_tokens, tally.output_tokens, tally.chunks) == (7, 3, 3)
    assert tally.finish_reasons == {"stop": 1}
    assert tally.in_flight == 0


def test_open_loop_latencies_count_from_the_scheduled_time():
    tally = measure(at(160), at(180), scheduled=50, sent=90)
    assert (only(tally, "ttft"), only(tally, "ttft_sched")) == (70, 110)
    assert (only(tally, "e2e"), only(tally, "e2e_sched")) == (90, 130)
    assert only(tally, "send_lag") == 40


def test_reasoning_first_has_a_ttft_and_a_later_ttfo():
    tally = measure(reasoning(50), reasoning(60), at(90), at(95))
    assert (only(tally, "ttft"), only(tally, "ttfo")) == (50, 90)


def test_reasoning_only_has_no_ttfo():
    tally = measure(reasoning(50))
    assert len(tally.histograms["ttfo"]) == 0


def test_tool_arguments_are_content():
    tally = measure(Arrival(at_ns=30 * MS, chunks=1, answer_chunks=1, tool_arguments='{"a"'))
    assert (only(tally, "ttft"), only(tally, "ttfo"), tally.characters) == (30, 30, 4)


def test_reads_without_content_are_no_token_and_no_gap():
    tally = measure(silent(5), at(20), silent(25), at(40), silent(90, usage=Usage(1, 2)), silent(95))
    assert (only(tally, "ttft"), gaps(tally), only(tally, "e2e")) == (20, (1, 20), 40)


def test_events_of_one_read_share_its_stamp():
    tally = measure(at(10, "abc", chunks=3), at(40, "de", chunks=2), silent(41, usage=Usage(1, 5)))
    assert gaps(tally) == (4, 7.5)  # 0, 0, 30, 0
    assert only(tally, "tpot") == 7.5  # (40 - 10) / (5 - 1)


def test_continuous_usage_gives_token_weighted_itl():
    tally = measure(
        at(10, output_tokens=2), at(40, output_tokens=5), at(50, output_tokens=6), silent(51, usage=Usage(1, 6))
    )
    assert gaps(tally, "itl") == (4, 10)  # 30 ms over three tokens, 10 ms over one
    assert only(tally, "tpot") == 10  # (50 - 10) / (6 - 2): two tokens came in the first chunk
    assert tally.timeline.total == pytest.approx(6)


def test_without_counts_per_chunk_there_is_no_itl():
    assert gaps(measure(at(10), at(20), silent(21, usage=Usage(1, 9))), "itl") == (0, None)


def test_chunks_of_many_tokens_are_set_right_by_usage():
    tally = measure(at(10), at(20), at(30), silent(31, usage=Usage(1, 12)))
    assert tally.timeline.total == pytest.approx(12)
    assert only(tally, "tpot") == pytest.approx(20 / 11, rel=1e-6)
    assert tally.tokens_per_chunk == 4
    measure(at(10), at(20), tally=tally, index=1)  # no usage: the next answer is counted with what was learned
    assert tally.timeline.total == pytest.approx(12 + 2, abs=6)


def test_missing_usage_is_estimated_and_marked():
    tally = measure(at(10, "x" * 40), at(20, "x" * 40), prompt=400)
    assert (tally.input_tokens, tally.output_tokens) == (100, 20)
    assert (tally.usage_requests, tally.estimated_requests) == (0, 1)


def test_the_estimate_is_calibrated_on_the_backends_own_usage():
    tally = measure(at(10, "x" * 60), silent(11, usage=Usage(10, 30)))
    measure(at(10, "x" * 60), tally=tally, index=1)
    assert tally.output_tokens == 60
    assert (tally.usage_requests, tally.estimated_requests) == (1, 1)


def test_usage_details_are_kept():
    tally = measure(at(10), silent(11, usage=Usage(10, 5, cached_tokens=4, reasoning_tokens=3)))
    assert (tally.cached_tokens, tally.reasoning_tokens) == (4, 3)


def test_an_empty_answer_is_finished_without_latencies():
    tally = measure(silent(10, finish_reason="stop", usage=Usage(3, 0)))
    assert tally.finished == 1
    assert all(len(tally.histograms[m]) == 0 for m in ("ttft", "ttfo", "tpot", "e2e", "icl"))


def test_a_one_token_answer_has_no_tpot():
    tally = measure(at(10), silent(11, usage=Usage(3, 1)))
    assert only(tally, "e2e") == 10
    assert len(tally.histograms["tpot"]) == 0


def test_connecting_is_apart_from_ttft():
    tally = measure(at(100), sent=60, connect=55)
    assert (only(tally, "connect"), only(tally, "ttft")) == (55, 40)


def test_a_cut_stream_keeps_what_it_showed_and_counts_as_failed():
    tally = Tally(0)
    meter = Meter(tally, 0, 0, 40)
    meter.sent(Opened(0))
    meter.arrive(at(10, "x" * 8))
    meter.fail(BackendError(ErrorKind.CUT, "peer closed"))
    assert only(tally, "ttft") == 10
    assert len(tally.histograms["e2e"]) == 0
    assert (tally.failed, tally.finished, tally.errors) == (1, 0, {"stream cut": 1})
    assert tally.output_tokens == 2  # billed, probably: estimated and counted


def test_a_refused_request_fails_without_any_latency():
    tally = Tally(0)
    Meter(tally, 0, 0, 40).fail(BackendError(ErrorKind.CONNECT, "refused\x1b[31m"))
    assert (tally.scheduled, tally.failed, tally.in_flight) == (1, 1, 0)
    assert tally.last_error == "refused�[31m"
    assert all(len(histogram) == 0 for histogram in tally.histograms.values())


def test_an_error_status_after_sending_still_has_a_send_lag():
    tally = Tally(0)
    Meter(tally, 0, 0, 40).fail(BackendError(ErrorKind.SERVER, "no", status=503, sent_ns=4 * MS))
    assert only(tally, "send_lag") == 4


@pytest.mark.parametrize(
    ("slo", "good"),
    [
        (SloPlan(ttft_ms=30), 1),
        (SloPlan(ttft_ms=29), 0),
        (SloPlan(tpot_ms=10), 1),
        (SloPlan(tpot_ms=9), 0),
        (SloPlan(e2e_ms=40), 1),
        (SloPlan(ttft_ms=100, tpot_ms=100, e2e_ms=39), 0),
    ],
)
def test_good_means_every_limit_from_the_scheduled_time(slo, good):
    tally = measure(at(40), at(50), silent(51, usage=Usage(1, 2)), scheduled=10, sent=20, slo=slo)
    assert tally.good == good


def test_the_active_time_ends_with_the_last_arrival():
    tally = measure(at(110), at(300), sent=100)
    assert tally.active_ns(now_ns=10**12) == 200 * MS


def test_the_active_time_runs_on_while_something_is_in_flight_and_ends_with_the_window():
    tally = measure(at(110), sent=100)
    Meter(tally, 1, 0, 40)
    assert tally.active_ns(now_ns=500 * MS) == 400 * MS
    tally.close(250 * MS)
    assert tally.active_ns(now_ns=500 * MS) == 150 * MS


def test_quantiles_come_back_within_the_histograms_error():
    tally = Tally(0)
    for index in range(200):
        measure(at(100 + index), tally=tally, index=index)
    assert tally.histograms["ttft"].quantile_ns(0.5) == pytest.approx(199 * MS, rel=ALPHA)


@given(
    st.lists(st.tuples(st.integers(0, 90), st.integers(1, 3), st.integers(-1, 9)), min_size=2, max_size=30),
    st.booleans(),
    st.booleans(),
    st.integers(1, 30),
)
def test_reads_handed_over_together_count_as_by_themselves(reads, answer, stated, first_together):
    at_ms, total, one_by_one = 5.0, 2, []
    for gap_ms, chunks, tokens in reads:
        at_ms += gap_ms
        total += tokens
        text = "ab" * chunks
        more = {"text": text, "answer_chunks": chunks} if answer else {"reasoning": text}
        if stated:
            more["output_tokens"] = total
        one_by_one.append(Arrival(round(at_ms * MS), chunks=chunks, **more))
    first, *others = one_by_one
    together, apart = others[:first_together], others[first_together:]
    joined = [first]
    if together:
        joined.append(
            Arrival(
                together[-1].at_ns,
                chunks=sum(each.chunks for each in together),
                answer_chunks=sum(each.answer_chunks for each in together),
                text="".join(each.text for each in together),
                reasoning="".join(each.reasoning for each in together),
                earlier_ns=[each.at_ns for each in together[:-1]],
                earlier_chunks=[each.chunks for each in together[:-1]],
                output_tokens=together[-1].output_tokens,
                earlier_output_tokens=[each.output_tokens for each in together[:-1]] if stated else [],
            )
        )
    usage = silent(at_ms, usage=Usage(3, 17))
    expected, found = measure(*one_by_one, usage), measure(*joined, *apart, usage)
    for metric, histogram in expected.histograms.items():
        assert found.histograms[metric].state() == histogram.state(), metric
    assert (found.chunks, found.characters, found.last_arrival_ns, found.disbelieved_requests) == (
        expected.chunks, expected.characters, expected.last_arrival_ns, expected.disbelieved_requests,
    )  # fmt: skip
    assert found.timeline.total == pytest.approx(expected.timeline.total)
    assert found.timeline.state().tokens == pytest.approx(expected.timeline.state().tokens)


def test_reasoning_that_is_billed_but_not_streamed_does_not_make_tokens_look_quick():
    """30 tokens of which 20 were reasoning nobody saw: 10 arrived over 90 ms."""
    hidden = measure(at(50), *(at(50 + 10 * n) for n in range(1, 10)), silent(150, usage=Usage(3, 30, 0, 20)))
    assert only(hidden, "tpot") == pytest.approx(90 / 9, rel=0.01)
    shown = measure(reasoning(50), *(at(50 + 10 * n) for n in range(1, 10)), silent(150, usage=Usage(3, 30, 0, 20)))
    assert only(shown, "tpot") == pytest.approx(90 / 29, rel=0.01)


def test_the_servers_own_timings_are_kept_apart():
    tally = measure(at(20), silent(21, finish_reason="stop", vendor={"queue": 0.002, "prefill": 0.01}))
    measure(at(20, vendor={"queue": 0.004}), silent(21, vendor={"decode": 0.03}, finish_reason="stop"), tally=tally)
    told = {name: (len(h), h.mean_ns() / MS) for name, h in tally.vendor.items() if len(h)}
    assert told == {"queue": (2, 3), "prefill": (1, 10), "decode": (1, 30)}
    assert only(measure(at(20), silent(21, vendor={"first_token": 0.001})), "ttft") == 20


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf"), 1e30])
def test_what_can_be_no_time_is_left_out(wrong):
    tally = measure(at(20), silent(21, finish_reason="stop", vendor={"queue": wrong, "colour": 1.0, "total": 1.0}))
    assert [name for name, histogram in tally.vendor.items() if len(histogram)] == ["total"]


def test_timings_of_a_failed_answer_do_not_count():
    tally = Tally(0)
    meter = Meter(tally, 0, 0, 40)
    meter.sent(Opened(0))
    meter.arrive(at(20, vendor={"total": 1.0}))
    meter.fail(BackendError(ErrorKind.CUT, "cut"))
    assert not len(tally.vendor["total"])
