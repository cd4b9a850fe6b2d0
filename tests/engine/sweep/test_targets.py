"""Targets as they are typed."""

import pytest

from infertop.engine.plan import SloPlan
from infertop.engine.sweep.sweep import Target
from infertop.engine.sweep.targets import TargetError, parse_target, slo_of, targets_of


@pytest.mark.parametrize(
    ("text", "metric", "quantile", "limit_ms"),
    [
        ("p95_ttft<500ms", "ttft_sched", 0.95, 500.0),
        ("p99.9_e2e < 8s", "e2e_sched", 0.999, 8000.0),
        ("p50_tpot<=12.5ms", "tpot", 0.5, 12.5),
        ("p99_icl<80ms", "icl", 0.99, 80.0),
    ],
)
def test_a_target_says_quantile_metric_and_limit(text, metric, quantile, limit_ms) -> None:
    found = parse_target(text)
    assert (found.metric, found.limit_ms) == (metric, limit_ms)
    assert found.quantile == pytest.approx(quantile)
    assert parse_target(str(found)) == found


@pytest.mark.parametrize("text", ["", "ttft<500", "p95_ttft>500ms", "p95_speed<5ms", "p0_ttft<5ms", "p95_ttft<0ms"])
def test_what_is_none_is_refused_with_an_example(text) -> None:
    with pytest.raises(TargetError, match=r"p95_ttft|there are"):
        parse_target(text)


def test_an_slo_asks_each_of_its_limits_of_nineteen_in_twenty() -> None:
    targets = targets_of(SloPlan(ttft_ms=500, tpot_ms=50, attainment=0.99))
    assert targets == (
        Target(metric="ttft_sched", quantile=0.95, limit_ms=500),
        Target(metric="tpot", quantile=0.95, limit_ms=50),
    )
    assert slo_of(targets) == SloPlan(ttft_ms=500, tpot_ms=50)
    assert targets_of(SloPlan()) == ()
