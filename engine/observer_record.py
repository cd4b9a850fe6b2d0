"""What was observed of one backend: from single readings to what a frame says, cumulative over the window."""

from array import array
from bisect import bisect_left, bisect_right
from typing import Any, Final

from ..backends.observe.modelled import TdpModel
from ..backends.observe.plan import PowerPlan
from ..backends.observe.readings import COUNTERS, PowerReading, ServerFigures, ServerReading
from .frame import BackendFrame, PowerFrame, ServerFrame

NS_PER_S: Final = 1e9

_REACH_S: Final = 3.0
"""How far beyond a reading it still holds; more where readings are further apart."""

_LONGEST_GAP_S: Final = 10.0
"""Between two readings of power; what was drawn in a longer one nobody knows. Counters know."""

_GAUGES: Final = tuple(name for name in ServerFigures.__struct_fields__ if name not in COUNTERS)
_SUMMED: Final = {"running_sum": "running", "waiting_sum": "waiting", "kv_cache_sum": "kv_cache_share"}


class ServerRecord:
    """A server's metrics pages, one after another.

    Args:
        every_s: how often they are due.
    """

    def __init__(self, every_s: float) -> None:
        self._reach_ns = round(max(_REACH_S, 2.5 * every_s) * NS_PER_S)
        self._newest: ServerReading | None = None
        self._error = ""
        self._window: dict[str, float] = {}
        self._samples = 0

    @property
    def running(self) -> float | None:
        """Requests in the batch at the newest page, if it is known now."""
        return self._newest.figures.running if self._newest is not None and not self._error else None

    def open_window(self) -> None:
        """Count from now on: the newest page so far is the baseline."""
        self._window, self._samples = {}, 0

    def take(self, reading: ServerReading, *, sending: bool) -> None:
        """The next page; it goes into the means if it came while prompts were sent."""
        now, before = reading.figures, self._newest.figures if self._newest else None
        for name in COUNTERS:
            value = getattr(now, name)
            if value is not None:
                # A counter that was not on the page before has just begun, and a restarted server counts from 0.
                start = value if before is None else getattr(before, name) or 0.0
                self._add(name, value - start if value >= start else value)
        if sending:
            self._samples += 1
            for name, gauge in _SUMMED.items():
                if (value := getattr(now, gauge)) is not None:
                    self._add(name, value)
        self._newest, self._error = reading, ""

    def fail(self, text: str) -> None:
        """There was no page, or none that could be read."""
        self._error = text

    def _add(self, name: str, value: float) -> None:
        self._window[name] = self._window.get(name, 0.0) + value

    def frame(self, now_ns: int) -> ServerFrame | None:
        """How it stands; None before anything was heard."""
        if self._newest is None:
            return ServerFrame(error=self._error) if self._error else None
        age_ns = now_ns - self._newest.at_ns
        error = self._error or _silent(age_ns, self._reach_ns)
        gauges = {name: None if error else getattr(self._newest.figures, name) for name in _GAUGES}
        values: dict[str, Any] = gauges | self._window
        return ServerFrame(source=self._newest.source, age_ns=age_ns, error=error, samples=self._samples, **values)


class PowerRecord:
    """Readings of power, one after another: what was drawn between any two moments.

    Args:
        plan: what a person said of it.
    """

    def __init__(self, plan: PowerPlan | None) -> None:
        self._plan = plan
        self._reach_ns = round(max(_REACH_S, 2.5 * plan.every_s if plan else 0.0) * NS_PER_S)
        self._newest: PowerReading | None = None
        # One entry a reading: 2 MB a day.
        self._moments_ns = array("q")
        self._joules = array("d")
        self._watts = array("d")
        self._error = ""
        self._error_source = ""
        self._gap = ""
        self._baseline_watts: float | None = None

    @property
    def heard(self) -> bool:
        """Whether its source has said anything, be it that it cannot be read."""
        return self._newest is not None or bool(self._error)

    def take(self, reading: PowerReading) -> None:
        """The next reading."""
        gap_s = (reading.at_ns - self._newest.at_ns) / NS_PER_S if self._newest is not None else 0.0
        if gap_s > _LONGEST_GAP_S and not reading.counted:
            self._gap = f"no reading for {gap_s:.0f} s on the way: the energy is not known"
        self._moments_ns.append(reading.at_ns)
        self._joules.append(reading.joules)
        self._watts.append(reading.watts or 0.0)
        self._newest, self._error = reading, ""

    def fail(self, source: str, text: str) -> None:
        """There was no reading."""
        self._error, self._error_source = text, source

    def measure_baseline(self, start_ns: int, end_ns: int) -> None:
        """What was drawn between two moments, when nothing was sent, is what is drawn without load."""
        joules = self._between(start_ns, end_ns)
        self._baseline_watts = None if joules is None else joules / (end_ns - start_ns) * NS_PER_S

    def frame(self, now_ns: int, start_ns: int, end_ns: int) -> PowerFrame | None:
        """How it stands, its energy between `start_ns` and `end_ns`; None before anything was heard."""
        newest, plan = self._newest, self._plan
        pue = plan.pue if plan else None
        if newest is None:
            return PowerFrame(source=self._error_source, error=self._error, pue=pue) if self._error else None
        idle_watts = self._idle_watts(newest)
        fault = self._error or _silent(now_ns - newest.at_ns, self._reach_ns)
        late = self._moments_ns[0] > start_ns + self._reach_ns
        return PowerFrame(
            source=newest.source,
            detail=newest.detail,
            measured=newest.measured,
            host_level=newest.host_level,
            watts=None if fault else newest.watts,
            joules=None if self._gap else self._between(start_ns, end_ns),
            idle_watts=idle_watts,
            idle_joules=None if idle_watts is None else idle_watts * (end_ns - start_ns) / NS_PER_S,
            pue=pue,
            error=fault
            or self._gap
            or ("not read from the first prompt on: the energy is not known" if late else ""),
        )

    def _idle_watts(self, newest: PowerReading) -> float | None:
        stated = self._plan.idle_watts if self._plan else None
        return next((w for w in (stated, newest.idle_watts, self._baseline_watts) if w is not None), None)

    def _between(self, start_ns: int, end_ns: int) -> float | None:
        """Joules of a stretch of load; None before a reading that falls into it, and where readings are too far off.

        Load begins and ends between two readings, and power with it. So the stretch begins with the power of the
        first reading inside it and ends with that of the last, not with something between load and idleness.
        """
        moments = self._moments_ns
        first, last = bisect_left(moments, start_ns), bisect_right(moments, end_ns) - 1
        if first > last:
            return None if end_ns > start_ns else 0.0
        if moments[first] - start_ns > self._reach_ns or end_ns - moments[last] > self._reach_ns:
            return None
        before = self._watts[first] * (moments[first] - start_ns)
        after = self._watts[last] * (end_ns - moments[last])
        return max(self._joules[last] - self._joules[first] + (before + after) / NS_PER_S, 0.0)


class ModelledRecord:
    """Power that only a model tells, added up over the time a backend was active."""

    def __init__(self, model: TdpModel, plan: PowerPlan | None) -> None:
        self._model = model
        self._plan = plan
        self.open_window()

    def open_window(self) -> None:
        """Add up from now on."""
        self._active_ns = 0
        self._joules = 0.0

    def frame(self, backend: BackendFrame, running: float) -> PowerFrame:
        """How it stands with `running` requests in the batch since the last time."""
        plan = self._plan
        share = plan.share if plan else 1.0
        watts = self._model.watts(running) * share
        self._joules += watts * (backend.active_ns - self._active_ns) / NS_PER_S
        self._active_ns = backend.active_ns
        stated = plan.idle_watts if plan else None
        idle_watts = self._model.idle_watts * share if stated is None else stated
        return PowerFrame(
            source="modelled",
            detail=self._model.assumes,
            watts=watts,
            joules=self._joules,
            idle_watts=idle_watts,
            idle_joules=idle_watts * self._active_ns / NS_PER_S,
            pue=plan.pue if plan else None,
        )


def _silent(age_ns: int, reach_ns: int) -> str:
    return f"nothing heard for {age_ns / NS_PER_S:.0f} s" if age_ns > reach_ns else ""
