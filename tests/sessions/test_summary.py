"""The summary document."""

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.engine.frame import ClientFrame, MachineFrame, Marker
from infertop.engine.histogram import FLOORS
from infertop.engine.plan import ArrivalsPlan, SloPlan
from infertop.sessions.remarks import footnotes
from infertop.sessions.summary import SCHEMA, Document, document, latency, to_json
from infertop.sessions.trust import client_trust

from .frames import MS, backend, frame, histogram, latencies, paired, three


def as_json(document_of: Any) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    parsed = json.loads(to_json(document_of), parse_constant=refuse)
    assert isinstance(parsed, dict)
    return parsed


def test_the_document_has_the_fields_that_are_promised() -> None:
    got = as_json(document(three()))
    assert list(got) == ["schema", "infertop", "run", "client", "backends", "verdicts", "differences"]
    assert got["schema"] == SCHEMA
    assert {"started_utc", "duration_s", "seed", "workload", "arrivals", "offered_per_s", "achieved_per_s"} <= set(
        got["run"]
    )
    assert set(got["client"]) == {
        "loop_lag_ms", "cpu_share", "workers", "missing_workers", "machines", "trusted", "reasons",
    }  # fmt: skip
    first = got["backends"][0]
    assert set(first) == {
        "name", "label", "url", "model", "hardware", "requests", "tokens", "tok_s", "characters", "connect_ms",
        "ttft_ms", "ttft_sched_ms", "ttfo_ms", "tpot_ms", "icl_ms", "itl_ms", "e2e_ms", "cost", "energy", "server",
        "slo",
        "shared_read_share", "engine", "server_timings_ms",
    }  # fmt: skip
    assert set(first["ttft_ms"]) == {
        "n", "mean", "p50", "p90", "p95", "p99", "p999", "max", "p50_interval", "p95_interval",
    }  # fmt: skip
    claim = {"verdict", "ratio", "low", "high", "n", "needed", "reason"}
    assert set(got["verdicts"][0]) == {"metric", "quantile", "a", "b", "paired"} | claim
    assert set(got["verdicts"][0]["paired"]) == claim


def test_figures_are_those_of_the_frame() -> None:
    slow, api, dead = document(three()).backends
    assert slow.tok_s == pytest.approx(3000)
    assert slow.ttft_ms is not None
    assert slow.ttft_ms.n == 300
    assert slow.ttft_ms.p50 == pytest.approx(200, rel=0.05)
    assert slow.ttft_ms.p99 is None, "300 samples are too few"
    assert slow.cost.basis == "rented"
    assert slow.cost.usd_per_m_output == pytest.approx(0.04 / 30_000 * 1e6, rel=1e-5)
    assert slow.cost.usd_per_m_total == pytest.approx(0.04 / 45_000 * 1e6, rel=1e-5)
    assert slow.slo.attainment == pytest.approx(0.98)
    assert api.tokens.source == "≈"
    assert api.cost.price_as_of == "2026-11"
    assert dead.ttft_ms is None
    assert dead.tok_s is None
    assert dead.cost.spent_usd is None
    assert dead.requests.errors == {"connect": 5, "timeout": 2}
    assert dead.slo.attainment == 0.0


def test_changes_on_the_way_are_told() -> None:
    changed = frame(backend("a"), markers=(Marker(at_ns=1500 * MS, text="rate 9/s"),))
    (change,) = document(changed).run.changes
    assert (change.at_s, change.text) == (1.5, "rate 9/s")


def test_it_reads_back() -> None:
    made = document(three())
    assert msgspec.json.decode(to_json(made), type=Document) == made


def test_an_empty_run_is_a_document_too() -> None:
    got = as_json(document(frame(backend("idle"), at_ns=0, started_utc="", client=ClientFrame())))
    assert got["run"]["achieved_per_s"] is None
    assert got["client"]["loop_lag_ms"] == {"p50": None, "p99": None, "max": None}


def test_the_achieved_rate_is_that_of_sending_not_of_waiting_for_answers() -> None:
    waited = frame(backend("a", ttft_ms=latencies(100, 200)), at_ns=40_000 * MS, duration_s=10.0)
    assert document(waited).run.achieved_per_s == pytest.approx(20)


def test_a_backend_that_is_down_does_not_lower_the_achieved_rate() -> None:
    assert document(three()).run.achieved_per_s == pytest.approx(4)


@given(st.lists(st.floats(0.02, 900_000), min_size=1, max_size=200))
def test_percentiles_appear_only_above_their_floor_and_in_order(values_ms: list[float]) -> None:
    got = latency(histogram(*values_ms))
    assert got is not None
    percentiles = {0.5: got.p50, 0.9: got.p90, 0.95: got.p95, 0.99: got.p99, 0.999: got.p999}
    assert all((value is not None) == (got.n >= FLOORS[p]) for p, value in percentiles.items())
    shown = [value for value in percentiles.values() if value is not None]
    assert shown == sorted(shown)
    assert all(value <= got.max * (1 + 1e-5) for value in shown)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_what_json_has_no_number_for_is_null(share: float) -> None:
    strange = frame(backend("a"), client=ClientFrame(cpu_share=share), offered_per_s=share)
    offered = as_json(document(strange))["run"]["offered_per_s"]
    assert offered is None if not math.isfinite(share) else offered == pytest.approx(share, rel=1e-5)


def test_a_late_event_loop_is_not_trusted_but_a_verdict_stands() -> None:
    late = frame(*decided().backends, client=ClientFrame(loop_lag=histogram(*[5.0] * 10)))
    got = document(late)
    assert not got.client.trusted
    assert "5.0 ms late" in got.client.reasons[0]
    assert got.verdicts[0].verdict == "a lower"


def test_where_the_workers_of_a_cluster_ran_is_told_and_how_exactly_they_kept_time() -> None:
    machines = (
        MachineFrame(worker=0, host="node-a", clock_offset_ns=-3_000_000, clock_error_ns=400_000),
        MachineFrame(worker=1, host="node-b", clock_offset_ns=86_400 * 10**9, clock_error_ns=2_500_000),
        MachineFrame(worker=2, host="node-b", clock_offset_ns=86_400 * 10**9, clock_error_ns=900_000),
    )
    on_cluster = frame(*decided().backends, workers=3, client=ClientFrame(machines=machines))
    got = as_json(document(on_cluster))
    assert got["client"]["machines"][1] == {
        "worker": 1, "host": "node-b", "clock_offset_ms": 86_400_000.0, "clock_error_ms": 2.5,
    }  # fmt: skip
    assert "Workers: 1 on node-a, 2 on node-b; their clocks are known within 2.5 ms." in footnotes(
        on_cluster, document(on_cluster)
    )


def test_a_saturated_client_withholds_every_verdict() -> None:
    got = document(frame(*decided().backends, client=ClientFrame(cpu_share=0.97)))
    assert not got.client.trusted
    assert {verdict.verdict for verdict in got.verdicts} == {"withheld"}
    assert got.verdicts[0].low is None
    assert "97%" in got.verdicts[0].reason


def test_a_missing_worker_is_told_and_withholds_every_verdict() -> None:
    whole = document(frame(*decided().backends, workers=2))
    assert (whole.client.workers, whole.client.missing_workers, whole.client.trusted) == (2, (), True)
    got = document(frame(*decided().backends, workers=2, missing_workers=(1,)))
    assert got.client.missing_workers == (1,)
    assert got.client.reasons == ("1 of its 2 workers went missing, and with them what they would have measured",)
    assert {verdict.verdict for verdict in got.verdicts} == {"withheld"}


def decided():
    """Two backends of which the first is plainly faster."""
    return frame(
        backend("fast", ttft_ms=latencies(100, 800), tpot_ms=latencies(5, 800)),
        backend("slow", ttft_ms=latencies(300, 800, 2), tpot_ms=latencies(15, 800, 2)),
    )


def test_a_decided_pair_says_by_how_much() -> None:
    verdict = document(decided()).verdicts[0]
    assert (verdict.metric, verdict.a, verdict.b, verdict.verdict) == ("ttft_sched", "fast", "slow", "a lower")
    assert verdict.low is not None
    assert verdict.high is not None
    assert verdict.ratio is not None
    assert 1 < verdict.low < verdict.ratio < verdict.high
    assert verdict.n == 800


def test_the_same_prompts_say_more_of_the_same_pair() -> None:
    shared = latencies(1, 200)
    a, b = ([100 * slow * x for x in shared] for slow in (1, 1.05))
    drawn = frame(backend("a", ttft_ms=a), backend("b", ttft_ms=b), paired=paired("ttft_sched", a=a, b=b))
    ttft, tpot, _ = document(drawn).verdicts
    assert ttft.verdict == "tie"
    assert (ttft.paired.verdict, ttft.paired.n) == ("a lower", 200)
    assert ttft.paired.ratio == pytest.approx(1.05, rel=1e-4)
    assert (tpot.paired.verdict, tpot.paired.n, tpot.paired.ratio) == ("too early", 0, None)
    withheld = document(frame(*drawn.backends, paired=drawn.paired, client=ClientFrame(cpu_share=0.97))).verdicts[0]
    assert (withheld.paired.verdict, withheld.paired.low) == ("withheld", None)


def test_an_slo_s_attainment_has_an_interval_once_requests_can_be_told_apart() -> None:
    slow, api, dead = document(three()).backends
    assert slow.slo.low is not None
    assert slow.slo.high is not None
    assert 0.94 < slow.slo.low < 0.98 < slow.slo.high < 1
    assert api.slo.attainment == api.slo.high == 1
    assert (dead.slo.attainment, dead.slo.low) == (0, None)


def test_requests_that_never_left_are_misses_beyond_doubt() -> None:
    ttft = latencies(200, 300)
    whole, half = (
        document(
            frame(
                backend("a", ttft_ms=ttft, good=300, scheduled=300 + unsent, not_sent=unsent),
                slo=SloPlan(ttft_ms=500),
            )
        )
        .backends[0]
        .slo
        for unsent in (0, 300)
    )
    assert half.attainment == half.high == 0.5
    assert whole.low is not None
    assert half.low == pytest.approx(whole.low / 2, rel=1e-5)


def test_quantiles_have_intervals_where_one_value_a_request_is_known() -> None:
    first = document(decided()).backends[0]
    assert first.ttft_sched_ms is not None
    assert first.ttft_sched_ms.p50 is not None
    assert first.ttft_sched_ms.p50_interval is not None
    assert first.ttft_sched_ms.p50_interval.high is not None
    interval = first.ttft_sched_ms.p50_interval
    assert interval.low < first.ttft_sched_ms.p50 < interval.high < 1.2 * interval.low
    assert first.icl_ms is not None
    assert first.icl_ms.p50_interval is None
    short = document(frame(backend("a", ttft_ms=latencies(100, 20)))).backends[0].ttft_sched_ms
    assert short is not None
    assert (short.p50_interval, short.p95_interval) == (None, None)


def test_the_servers_own_timings_are_kept_apart() -> None:
    told = backend("a", ttft_ms=[100.0] * 20, vendor={"prefill": histogram(*[40.0] * 20)})
    got = document(frame(told)).backends[0]
    assert list(got.server_timings_ms) == ["prefill"]
    assert got.server_timings_ms["prefill"].p50 == pytest.approx(40, rel=0.01)
    assert got.ttft_ms is not None
    assert got.ttft_ms.p50 == pytest.approx(100, rel=0.01)


def test_connecting_and_shared_reads_are_told() -> None:
    histograms = {"connect": histogram(0.4, 0.5, 9.0), "icl": histogram(0, 0, 0, 8, 9)}
    got = document(frame(backend("a", histograms=histograms, chunks=6))).backends[0]
    assert got.connect_ms is not None
    assert (got.connect_ms.n, got.connect_ms.max) == (3, 9)
    assert got.shared_read_share == 0.5
    assert document(frame(backend("a"))).backends[0].shared_read_share is None


@pytest.mark.parametrize(
    ("kind", "send_lag_ms", "loop_lag_ms", "level"),
    [("poisson", 40, 5, "red"), ("closed", 40, 5, "amber"), ("poisson", 9, 5, "amber"), ("poisson", 40, 0.2, "ok")],
)
def test_prompts_sent_late_by_a_late_loop_are_our_fault(kind, send_lag_ms, loop_lag_ms, level) -> None:
    """An open loop that cannot keep its timetable offers another rate than the one asked for."""
    histograms = {"ttft": histogram(*[100.0] * 50), "send_lag": histogram(*[float(send_lag_ms)] * 50)}
    trust = client_trust(
        frame(
            backend("a", histograms=histograms),
            arrivals=ArrivalsPlan(kind=kind),
            client=ClientFrame(loop_lag=histogram(*[float(loop_lag_ms)] * 50)),
        )
    )
    assert trust.level == level
    assert ("left 40 ms late" in trust.reason) == (level == "red")


@pytest.mark.parametrize(
    ("lags_ms", "level"), [([300.0] * 50, "red"), ([90.0] * 50, "amber"), ([0.1] * 40 + [900.0] * 2, "amber")]
)
def test_slots_that_stand_empty_are_our_fault(lags_ms, level) -> None:
    """A closed loop that notices late that an answer has ended holds fewer requests in flight than asked for."""
    histograms = {"ttft": histogram(*[100.0] * 50), "e2e": histogram(*[1000.0] * 50)}
    client = ClientFrame(loop_lag=histogram(*lags_ms))
    trust = client_trust(frame(backend("a", histograms=histograms), client=client))
    assert trust.level == level
    assert ("empty for 300 ms" in trust.reason) == (level == "red")
