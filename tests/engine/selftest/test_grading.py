"""Which figures are ok, careful and cannot."""

import pytest
from msgspec.structs import replace

from infertop.engine.selftest.grading import graded
from infertop.engine.selftest.report import Accuracy, Finding, Load, Spread

EXACT = Finding(
    load=Load(streams=8, seconds=1),
    accuracy=Accuracy(
        requests=8,
        tokens=800,
        ttft_error_ms=Spread(n=8, p50=0.3, p99=5, max=90),
        gap_error_ms=Spread(n=792, p50=0.1, p99=1, max=90),
    ),
    written_tok_s=100,
    counted_tok_s=99,
    cpu_share=0.9,
)


def with_error(**changes):
    return replace(EXACT, accuracy=replace(EXACT.accuracy, **changes))


def test_the_limits_themselves_are_ok():
    assert graded(EXACT) == ("ok", ())


@pytest.mark.parametrize(
    ("finding", "grade", "why"),
    [
        (with_error(ttft_error_ms=Spread(n=8, p50=0.31)), "careful", "TTFT was off by 0.31 ms at p50"),
        (with_error(ttft_error_ms=Spread(n=8, p99=5.1)), "careful", "TTFT was off by 5.1 ms at p99"),
        (with_error(gap_error_ms=Spread(n=8, p50=0.11)), "careful", "gap between tokens was off by 0.11 ms at p50"),
        (with_error(gap_error_ms=Spread(n=8, p99=1.1)), "careful", "gap between tokens was off by 1.1 ms at p99"),
        (replace(EXACT, counted_tok_s=98), "careful", "98 of 100 tok/s"),
        (with_error(ttft_error_ms=Spread(n=8, p99=25.1)), "cannot", "TTFT was off by 25.1 ms"),
        (with_error(gap_error_ms=Spread(n=8, p99=5.1)), "cannot", "gap between tokens was off by 5.1 ms"),
        (with_error(lost=1), "cannot", "1 tokens were lost and 0 counted twice"),
        (with_error(doubled=2), "cannot", "0 tokens were lost and 2 counted twice"),
        (replace(EXACT, failed=3, last_error="refused"), "cannot", "3 requests failed: refused"),
        (replace(EXACT, cpu_share=0.91), "cannot", "91% of a core"),
        (replace(EXACT, counted_tok_s=94), "cannot", "94 of 100 tok/s"),
    ],
)
def test_each_limit(finding, grade, why):
    given, reasons = graded(finding)
    assert given == grade
    assert why in "; ".join(reasons)


def test_a_burst_is_only_about_counting():
    burst = replace(
        with_error(ttft_error_ms=Spread(n=8, p99=99)), load=Load(streams=8, seconds=1, gap_ms=0), cpu_share=1.0
    )
    assert graded(burst) == ("ok", ())
    assert graded(replace(burst, accuracy=Accuracy(lost=1)))[0] == "cannot"
