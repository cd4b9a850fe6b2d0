"""Conditions: how they are read, and what meets them."""

import pytest

from infertop.sessions.diff.estimate import Estimate
from infertop.sessions.diff.gate import GateError, judge, parse_gate
from infertop.sessions.diff.pool import bounds, compare


@pytest.mark.parametrize(
    ("text", "metric", "sort", "limit"),
    [
        ("p95_ttft>10%", "p95_ttft", "relative", 0.1),
        (" p95_ttft > +10 % ", "p95_ttft", "relative", 0.1),
        ("tok_s>5%", "tok_s", "relative", 0.05),
        ("tok_s<-5%", "tok_s", "relative", 0.05),
        ("p999_icl>50ms", "p999_icl", "level", 50),
        ("p95_e2e>1.5s", "p95_e2e", "level", 1500),
        ("p50_tpot>+500us", "p50_tpot", "change", 0.5),
        ("attainment<0.99", "attainment", "level", 0.99),
        ("attainment<-1pp", "attainment", "change", 0.01),
        ("error_rate>+1pp", "error_rate", "change", 0.01),
        ("usd_per_m>2.50", "usd_per_m", "level", 2.5),
        ("tok_s<1000", "tok_s", "level", 1000),
        ("tok_s<-100", "tok_s", "change", 100),
    ],
)
def test_conditions_that_can_be_read(text: str, metric: str, sort: str, limit: float) -> None:
    gate = parse_gate(text)
    assert (gate.metric.name, gate.sort, gate.limit) == (metric, sort, pytest.approx(limit))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("p95_ttft", "p95_ttft>10%"),
        ("p95_tft>10%", 'did you mean "p95_ttft"'),
        ("p95_ttft<10%", "gets better"),
        ("p95_ttft>-10%", "gets better"),
        ("tok_s<10%", "tok_s>10%"),
        ("tok_s>100%", "cannot get less"),
        ("tok_s>1000", "is good; write tok_s<1000"),
        ("attainment>0.99", "is good; write attainment<0.99"),
        ("error_rate>1%", r"error_rate>0.01\) or points \(error_rate>\+1pp"),
        ("error_rate>1pp", r"write \+ or -"),
        ("p95_ttft>500", "write ms"),
        ("p95_ttft>5tokens", "write ms"),
        ("usd_per_m>2ms", "the number alone"),
        ("p95_ttft>-5ms", "gets better"),
        ("p95_ttft>1e400ms", "no condition"),
        ("p95_ttft>10%; rm -rf", "no condition"),
        (f"p95_ttft>{'9' * 400}%", "no condition"),
    ],
)
def test_a_mistake_is_told_with_what_would_be_right(text: str, told: str) -> None:
    with pytest.raises(GateError, match=told):
        parse_gate(text)


def judged(text: str, a: Estimate, b: Estimate, *, silent: bool = False) -> str:
    gate = parse_gate(text)
    found = compare(gate.metric, [a], [b], run_noise=0.01)
    return judge(gate, "H200", found, bounds(gate.metric, [b], 0.01), silent=silent).outcome


def known(value: float, error: float = 0.01) -> Estimate:
    return Estimate(value, error, error, 1000)


@pytest.mark.parametrize(
    ("text", "b", "outcome"),
    [
        ("p95_ttft>10%", 100, "pass"),
        ("p95_ttft>10%", 113, "pass"),  # 8.7 to 17 %: noise may explain it
        ("p95_ttft>10%", 120, "fail"),
        ("p95_ttft>10%", 50, "pass"),
        ("p95_ttft>+10ms", 113, "pass"),
        ("p95_ttft>+10ms", 120, "fail"),
        ("p95_ttft>110ms", 113, "pass"),
        ("p95_ttft>110ms", 115, "fail"),
        ("tok_s>10%", 100, "pass"),
        ("tok_s>10%", 87, "pass"),
        ("tok_s>10%", 80, "fail"),
        ("tok_s<-10%", 80, "fail"),
        ("tok_s<-10", 80, "fail"),
        ("tok_s<90", 80, "fail"),
        ("tok_s<90", 89, "pass"),
    ],
)
def test_a_gate_fails_only_beyond_the_whole_interval(text: str, b: float, outcome: str) -> None:
    assert judged(text, known(100), known(b)) == outcome


@pytest.mark.parametrize(("b", "outcome"), [(0.95, "fail"), (0.985, "pass"), (0.999, "pass")])
def test_a_share_is_held_against_a_level_and_against_before(b: float, outcome: str) -> None:
    share = Estimate(b, 0.004, 0.004, 1000)
    assert judged("attainment<0.99", Estimate(1.0, 0.001, 0.0, 1000), share) == outcome
    assert judged("attainment<-1pp", Estimate(1.0, 0.001, 0.0, 1000), share) == outcome


def test_what_is_not_known_is_not_judged_but_silence_fails() -> None:
    few = Estimate(n=40, why="40 values, fewer than the 130 it takes")
    assert judged("p95_ttft>10%", known(100), few) == "not judged"
    assert judged("p95_ttft>10%", few, known(100)) == "not judged"
    assert judged("p95_ttft>10%", known(100), few, silent=True) == "fail"
    assert judged("p95_ttft>10%", known(100), Estimate(200.0, why="no interval")) == "not judged"
    assert judged("p95_ttft>100ms", known(100), Estimate(200.0, why="no interval")) == "not judged"
