"""How a sweep ended, as a shell sees it (docs/sweep.md)."""

from ...engine.sweep.reading import best
from ...engine.sweep.sweep import Curve, Sweep
from ..exit_codes import ExitCode


def exit_code(sweep: Sweep, *, gate: bool) -> ExitCode:
    """The code of a sweep that ended so; the first that applies of 130, 1, 3, 4, 0.

    FAILED: a backend could not be measured. GATE: with `gate`, some backend holds the targets at no level.
    """
    if sweep.stopped_by == "interrupted":
        return ExitCode.INTERRUPTED
    if any(curve.failed for curve in sweep.curves):
        return ExitCode.FAILED
    if gate and sweep.targets and not all(_holds(curve, sweep) for curve in sweep.curves):
        return ExitCode.GATE
    return ExitCode.BUDGET if sweep.stopped_by == "budget" else ExitCode.OK


def _holds(curve: Curve, sweep: Sweep) -> bool:
    return best(curve, sweep.targets) is not None
