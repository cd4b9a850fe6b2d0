"""The summary document."""

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.engine.frame import ClientFrame, Marker
from infertop.engine.histogram import FLOORS
from infertop.sessions.summary import SCHEMA, Document, document, latency, to_json

from .frames import MS, backend, frame, histogram, latencies, three


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
    assert set(got["client"]) == {"loop_lag_ms", "cpu_share", "trusted", "reasons"}
    first = got["backends"][0]
    assert set(first) == {
        "name", "label", "url", "model", "hardware", "requests", "tokens", "tok_s", "characters", "ttft_ms",
        "ttft_sched_ms", "ttfo_ms", "tpot_ms", "icl_ms", "itl_ms", "e2e_ms", "cost", "energy", "slo",
    }  # fmt: skip
    assert set(first["ttft_ms"]) == {"n", "mean", "p50", "p90", "p95", "p99", "p999", "max"}
    assert set(got["verdicts"][0]) >= {"metric", "a", "b", "verdict", "ratio", "low", "high", "n"}


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


def test_a_saturated_client_withholds_every_verdict() -> None:
    got = document(frame(*decided().backends, client=ClientFrame(cpu_share=0.97)))
    assert not got.client.trusted
    assert {verdict.verdict for verdict in got.verdicts} == {"withheld"}
    assert got.verdicts[0].low is None
    assert "97%" in got.verdicts[0].reason


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
