"""What the loads say together."""

import pytest
from msgspec.structs import replace

from infertop.engine.selftest.report import Spread
from infertop.tui.doctor.conclusion import _above, client_grade, measurable, summary

from .reports import burst, finding


def test_the_highest_load_that_is_ok_counts():
    loads = [finding(8), finding(32), finding(128, "careful"), finding(512, "cannot"), burst()]
    best = measurable(loads)
    assert (best.streams, best.grade, best.tok_s) == (32, "ok", 3072)
    assert client_grade(loads) == "ok"
    assert summary(loads) == (
        (
            "This machine can measure 32 streams / 3,072 tok/s, "
            "with TTFT error p99 ≤ 0.13 ms and gap error p99 ≤ 0.06 ms."
        ),
        (
            "In a burst of 64 streams it counted 200,000 tok/s (at least: the test's server was the limit), "
            "at 4.0 CPU seconds a million tokens."
        ),
    )


def test_without_one_that_is_ok_it_is_the_highest_with_care():
    loads = [finding(8, "careful"), finding(128, "cannot")]
    assert measurable(loads).streams == 8
    assert client_grade(loads) == "careful"
    assert "8 streams / 768 tok/s with care" in summary(loads)[0]


def test_a_client_that_cannot_even_at_the_lowest_load_says_why():
    loads = [finding(8, "cannot"), burst()]
    assert measurable(loads) is None
    assert client_grade(loads) == "cannot"
    assert "cannot measure: not even the lowest load: TTFT was off by 31.0 ms at p99" in summary(loads)[0]


def test_nothing_tried_is_nothing_known():
    assert client_grade([]) == "cannot"
    assert summary([]) == ("This machine cannot measure: not even the lowest load.",)


def test_a_late_loop_is_said_beside_good_errors():
    late = replace(finding(8), loop_lag_ms=Spread(n=200, p99=3.2))
    assert "event loop was 3.2 ms late" in summary([late])[1]


def test_what_the_server_could_not_do_is_said():
    short = replace(finding(512), server_late_ms=Spread(n=9, p99=5.5), written_tok_s=45_000.0)
    said = summary([finding(8), short])[-1]
    assert "late too, by 5.5 ms at p99 with 512 streams" in said
    assert "45,000 of 49,231" in said


def test_what_limited_a_burst():
    def said(cpu_share, server_cpu_share):
        return summary([replace(burst(), cpu_share=cpu_share, server_cpu_share=server_cpu_share)])[-1]

    assert "(the engine was the limit)" in said(0.95, 0.7)
    assert "(at least: the test's server was the limit)" in said(0.7, 0.95)
    assert "neither the engine nor the test's server had a core to itself" in said(0.4, 0.5)


def test_a_busy_machine_is_said():
    busy = replace(finding(128), waited_share=0.22)
    assert "with 128 streams the engine stood ready without a core for 22.0 %" in summary([finding(8), busy])[-1]
    assert len(summary([finding(8, waited_share=0.04)])) == 1


@pytest.mark.parametrize(
    ("error_ms", "shown"),
    [(0.0, "0.00"), (0.001, "0.01"), (0.05, "0.05"), (0.999, "1.00"), (1.01, "1.1"), (31.0, "31.0")],
)
def test_at_most_is_rounded_up(error_ms, shown):
    assert _above(error_ms) == shown
    assert float(shown) >= error_ms
