"""The exit code a run has earned."""

import pytest

from infertop.engine.frame import BackendFrame, Frame
from infertop.engine.plan import SloPlan
from infertop.sessions.exit_codes import ExitCode, exit_code

GATE = SloPlan(ttft_ms=500, attainment=0.9)


def counted(
    finished: int, failed: int = 0, *, not_sent: int = 0, in_flight: int = 0, good: int | None = None
) -> BackendFrame:
    return BackendFrame(
        name="a",
        scheduled=finished + failed + not_sent + in_flight,
        finished=finished,
        failed=failed,
        not_sent=not_sent,
        in_flight=in_flight,
        good=good,
    )


@pytest.mark.parametrize(
    ("backends", "fields", "code"),
    [
        ([counted(10)], {}, ExitCode.OK),
        ([counted(10, 3)], {}, ExitCode.OK),
        ([counted(10), counted(0, 4)], {}, ExitCode.FAILED),
        ([counted(10), counted(0)], {}, ExitCode.FAILED),
        ([counted(0, in_flight=8)], {"stop_reason": "told"}, ExitCode.OK),
        ([counted(0, 8)], {"stop_reason": "told"}, ExitCode.FAILED),
        ([counted(10)], {"phase": "running", "stop_reason": ""}, ExitCode.FAILED),
        ([counted(10)], {"workers": 2, "missing_workers": (1,)}, ExitCode.FAILED),
        ([counted(10)], {"stop_reason": "interrupted", "missing_workers": (1,)}, ExitCode.INTERRUPTED),
        ([counted(0)], {"stop_reason": "budget"}, ExitCode.BUDGET),
        ([counted(0, 1)], {"stop_reason": "budget"}, ExitCode.FAILED),
        ([counted(0)], {"stop_reason": "unreachable"}, ExitCode.FAILED),
        ([counted(10, good=9)], {"slo": GATE}, ExitCode.OK),
        ([counted(10, good=8)], {"slo": GATE}, ExitCode.GATE),
        ([counted(10, 2, good=10)], {"slo": GATE}, ExitCode.GATE),
        ([counted(10, not_sent=2, good=10)], {"slo": GATE}, ExitCode.GATE),
        ([counted(10, in_flight=2, good=10)], {"slo": GATE}, ExitCode.OK),
        ([counted(10, good=1)], {"slo": SloPlan(ttft_ms=500)}, ExitCode.OK),
        ([counted(10)], {"stop_reason": "budget"}, ExitCode.BUDGET),
        ([counted(10, good=1)], {"stop_reason": "budget", "slo": GATE}, ExitCode.GATE),
        ([counted(0, 1)], {"stop_reason": "interrupted"}, ExitCode.INTERRUPTED),
    ],
)
def test_the_first_that_applies(backends: list[BackendFrame], fields: dict[str, object], code: ExitCode) -> None:
    values = {"phase": "done", "stop_reason": "duration", **fields}
    assert exit_code(Frame(backends=tuple(backends), **values)) is code  # type: ignore[arg-type]
