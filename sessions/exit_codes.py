"""The exit codes of commands that send load, and which one a run has earned (docs/json.md)."""

from enum import IntEnum

from ..engine.figures import attainment
from ..engine.frame import BackendFrame, Frame


class ExitCode(IntEnum):
    """What a shell sees."""

    OK = 0
    FAILED = 1
    USAGE = 2
    GATE = 3
    BUDGET = 4
    INTERRUPTED = 130


def exit_code(frame: Frame) -> ExitCode:
    """The code of a run that ended with `frame`; the first that applies of 130, 1, 3, 4, 0.

    FAILED: the engine never came to its end or lost a worker, or a backend finished no request. One that was only
    stopped before its first answer, by a person who left the console or by the budget, did not fail.
    """
    if frame.stop_reason == "interrupted":
        return ExitCode.INTERRUPTED
    if frame.phase != "done" or frame.missing_workers:
        return ExitCode.FAILED
    cut_short = frame.stop_reason in {"told", "budget"}
    if any(not backend.finished and (backend.failed or not cut_short) for backend in frame.backends):
        return ExitCode.FAILED
    if any(_misses(frame, backend) for backend in frame.backends):
        return ExitCode.GATE
    if frame.stop_reason == "budget" or any("budget" in backend.unsent for backend in frame.backends):
        return ExitCode.BUDGET
    return ExitCode.OK


def _misses(frame: Frame, backend: BackendFrame) -> bool:
    reached = attainment(backend)
    return frame.slo.attainment is not None and reached is not None and reached < frame.slo.attainment
