"""A run in virtual time: nothing is sent and nobody waits; progress on stderr, its last Frame at the end."""

from typing import TextIO

from msgspec.structs import replace

from ..engine.frame import Frame
from ..engine.plan import RunPlan
from ..engine.virtual import simulate
from .headless import Progress

_LOOKS = 200
_FIRST_LOOK_S = 60.0
_RARER = 1.02
"""How much later each look comes than the one before, where nobody knows how long it all takes."""


def run_as_if(plan: RunPlan, progress: TextIO, *, lengths_only: bool) -> Frame:
    """Simulate `plan` to its end, or to Ctrl-C, and return the last frame.

    Raises:
        VirtualError: it cannot be run in virtual time.
        WorkloadError: there is no such workload.
    """
    line, frame = Progress(progress), None
    try:
        every_s, rarer = (plan.duration_s / _LOOKS, 1.0) if plan.duration_s else (_FIRST_LOOK_S, _RARER)
        for frame in simulate(plan, every_s=every_s, rarer=rarer, lengths_only=lengths_only):
            line.show(frame)
    except KeyboardInterrupt:
        if frame is None:
            raise
        frame = replace(frame, phase="done", stop_reason="interrupted")
    finally:
        line.close()
    assert frame is not None  # there is always a last one
    return frame
