"""From readings to frames: counters over the window, energy between two moments, and what is missing is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.observe.modelled import TdpModel
from infertop.backends.observe.plan import PowerPlan
from infertop.backends.observe.readings import PowerReading, ServerFigures, ServerReading
from infertop.engine.frame import BackendFrame
from infertop.engine.observer_record import ModelledRecord, PowerRecord, ServerRecord

S = 1_000_000_000


def page(second, **figures):
    return ServerReading(name="a", at_ns=second * S, source="vLLM /metrics", figures=ServerFigures(**figures))


def power(second, watts, joules, **more):
    return PowerReading(name="a", at_ns=round(second * S), source="NVML", watts=watts, joules=joules, **more)


def record_of(*readings, plan=None):
    made = PowerRecord(plan)
    for reading in readings:
        made.take(reading)
    return made


# --- servers ---


def test_counters_count_from_the_window_on_and_survive_a_restart():
    record = ServerRecord(1.0)
    assert record.frame(0) is None
    record.take(page(1, generation_tokens=1000.0, prefix_queries=10.0), sending=False)
    record.open_window()
    record.take(page(2, generation_tokens=1400.0, prefix_queries=30.0, preemptions=2.0), sending=True)
    record.take(page(3, generation_tokens=50.0, prefix_queries=30.0, preemptions=2.0), sending=True)  # restarted
    frame = record.frame(3 * S)
    assert (frame.generation_tokens, frame.prefix_queries, frame.preemptions) == (450, 20, 2)
    assert frame.prefix_hits is None


def test_means_are_over_pages_that_came_while_prompts_were_sent():
    record = ServerRecord(1.0)
    record.take(page(0, running=0.0), sending=False)
    record.open_window()
    for second, running in ((1, 8.0), (2, 6.0)):
        record.take(page(second, running=running), sending=True)
    record.take(page(3, running=1.0), sending=False)
    frame = record.frame(3 * S)
    assert (frame.samples, frame.running_sum, frame.running, frame.waiting_sum) == (2, 14, 1, None)


def test_what_is_wrong_hides_the_figures_of_now_and_keeps_the_counts():
    record = ServerRecord(1.0)
    record.take(page(0, running=3.0, generation_tokens=0.0), sending=True)
    record.take(page(1, running=3.0, generation_tokens=70.0), sending=True)
    record.fail("refused")
    frame = record.frame(2 * S)
    assert (frame.running, frame.error, frame.generation_tokens, frame.age_ns) == (None, "refused", 70, S)
    assert record.running is None
    record.take(page(3, running=4.0, generation_tokens=80.0), sending=True)
    assert (record.frame(3 * S).running, record.frame(3 * S).error) == (4, "")
    assert record.frame(9 * S).error == "nothing heard for 6 s"
    assert record.frame(9 * S).running is None


def test_a_server_that_never_answered_is_an_error_alone():
    record = ServerRecord(1.0)
    record.fail("no metrics")
    frame = record.frame(0)
    assert (frame.source, frame.error, frame.age_ns) == ("", "no metrics", None)


# --- power ---


@given(
    st.floats(1, 1000),
    st.floats(0, 900),
    st.integers(0, 999_999_999),
    st.integers(2 * S, 60 * S),
)
def test_a_step_of_load_between_two_looks_is_integrated_as_one(busy, idle, offset_ns, active_ns):
    """Idle until the first prompt, busy for `active_ns`, idle again; looked at every second, by the trapezoid."""
    start_ns = 3 * S + offset_ns
    end_ns = start_ns + active_ns
    record, joules, last = PowerRecord(None), 0.0, idle
    for second in range(end_ns // S + 3):
        watts = busy if start_ns <= second * S <= end_ns else idle
        joules += (watts + last) / 2 if second else 0.0
        last = watts
        record.take(power(second, watts, joules))
    frame = record.frame((end_ns // S + 2) * S, start_ns, end_ns)
    assert frame.joules == pytest.approx(busy * active_ns / S)
    assert frame.watts == idle
    assert frame.error == ""


@given(st.integers(0, 1999), st.integers(0, 1999))
def test_at_any_moment_the_newest_power_goes_on(start_ms, more_ms):
    record = record_of(*(power(second, 100.0, 100.0 * second) for second in range(4)))
    start_ns = start_ms * S // 1000
    end_ns = 3 * S + more_ms * S // 1000
    frame = record.frame(end_ns, start_ns, end_ns)
    assert frame.joules == pytest.approx(100 * (end_ns - start_ns) / S)


def test_before_a_reading_falls_into_the_load_its_energy_is_not_known():
    record = record_of(power(0, 100.0, 0.0), power(1, 100.0, 100.0))
    assert record.frame(round(1.5 * S), round(1.2 * S), round(1.5 * S)).joules is None
    assert record.frame(round(1.5 * S), round(1.2 * S), round(1.2 * S)).joules == 0.0


def test_readings_that_come_late_are_no_energy():
    frame = record_of(power(9, 100.0, 0.0), power(10, 100.0, 100.0)).frame(10 * S, 1 * S, 10 * S)
    assert (frame.joules, frame.watts) == (None, 100)
    assert frame.error == "not read from the first prompt on: the energy is not known"


def test_a_gap_in_power_is_unknown_and_in_a_counter_harmless():
    gap = (power(1, 100.0, 100.0), power(20, 100.0, 2000.0))
    frame = record_of(*gap).frame(20 * S, 1 * S, 20 * S)
    assert frame.joules is None
    assert "no reading for 19 s" in frame.error
    counted = (power(1, 100.0, 100.0, counted=True), power(20, 100.0, 2000.0, counted=True))
    assert record_of(*counted).frame(20 * S, 1 * S, 20 * S).joules == 1900


def test_a_source_that_fails_is_unknown_with_its_reason_and_comes_back():
    record = record_of(power(0, 100.0, 0.0), power(1, 100.0, 100.0))
    record.fail("NVML", "GPU is lost")
    frame = record.frame(2 * S, 0, 2 * S)
    assert (frame.watts, frame.error, frame.joules) == (None, "GPU is lost", 200)
    assert record.frame(9 * S, 0, 9 * S).joules is None
    record.take(power(3, 100.0, 300.0))
    assert (record.frame(3 * S, 0, 3 * S).joules, record.frame(3 * S, 0, 3 * S).error) == (300, "")


def test_a_source_that_never_spoke_is_an_error_alone():
    record = PowerRecord(PowerPlan(source="nvml"))
    assert record.frame(0, 0, 0) is None
    record.fail("nvml", "no driver")
    frame = record.frame(5 * S, 0, 5 * S)
    assert (frame.source, frame.joules, frame.watts, frame.error) == ("nvml", None, None, "no driver")


def test_idle_power_is_stated_or_the_models_or_measured():
    readings = [power(second, 60.0, 60.0 * second) for second in range(5)]
    assert record_of(*readings).frame(4 * S, 0, 4 * S).idle_watts is None
    measured = record_of(*readings)
    measured.measure_baseline(0, 4 * S)
    frame = measured.frame(4 * S, 0, 4 * S)
    assert (frame.idle_watts, frame.idle_joules) == (pytest.approx(60), pytest.approx(240))
    modelled = record_of(power(0, 60.0, 0.0, idle_watts=20.0))
    assert modelled.frame(0, 0, 0).idle_watts == 20
    stated = record_of(power(0, 60.0, 0.0, idle_watts=20.0), plan=PowerPlan(source="dcgm", idle_watts=5.0))
    assert stated.frame(0, 0, 0).idle_watts == 5


# --- models ---


def test_modelled_energy_adds_up_over_the_active_time():
    model = TdpModel("H100 SXM", 2, 700.0)
    record = ModelledRecord(model, None)
    for second in range(1, 4):
        frame = record.frame(BackendFrame(name="a", active_ns=second * S), 8)
    assert frame.joules == pytest.approx(3 * model.watts(8))
    assert frame.idle_joules == pytest.approx(3 * model.idle_watts)
    assert not frame.measured
    assert frame.source == "modelled"
    assert "700 W TDP" in frame.detail
    record.open_window()
    reopened = record.frame(BackendFrame(name="a", active_ns=S), 8)
    assert reopened.joules == pytest.approx(model.watts(8))
