"""Stretches of a run: cut apart and laid end to end they are the run again."""

from hypothesis import given, settings
from hypothesis import strategies as st

from infertop.engine.energy import power_plus
from infertop.engine.frame import BackendFrame, PowerFrame, Timeline
from infertop.engine.histogram import Histogram
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, SloPlan
from infertop.engine.virtual import simulate
from infertop.engine.window import COUNTERS, end_to_end, since


def frames() -> list[BackendFrame]:
    plan = RunPlan(
        backends=(BackendPlan(name="a", url="sim:h200"),),
        arrivals=ArrivalsPlan(kind="closed", concurrency=6),
        slo=SloPlan(ttft_ms=150),
        requests=80,
    )
    return [frame.backends[0] for frame in simulate(plan, every_s=1.0, lengths_only=True)]


FRAMES = frames()


@settings(max_examples=25)
@given(st.integers(0, len(FRAMES) - 2), st.data())
def test_two_stretches_are_the_whole(start, data) -> None:
    middle = data.draw(st.integers(start, len(FRAMES) - 2))
    whole = since(FRAMES[-1], FRAMES[start])
    joined = end_to_end(since(FRAMES[middle], FRAMES[start]), since(FRAMES[-1], FRAMES[middle]))
    under_way = FRAMES[middle].in_flight  # counted where they began and where they went on
    for name in COUNTERS:
        extra = under_way if name == "scheduled" else 0
        assert abs(getattr(joined, name) - getattr(whole, name) - extra) < 1e-6
    assert (joined.good, joined.good_tokens) == (whole.good, whole.good_tokens)
    assert joined.finish_reasons == whole.finish_reasons
    for name, state in whole.histograms.items():
        assert (Histogram.of(joined.histograms[name]).counts == Histogram.of(state).counts).all()
    for name, levels in whole.series.items():
        assert [level.count for level in joined.series[name][:1]] == [level.count for level in levels[:1]]
        assert all(level.parts == 1 for level in joined.series[name])


def test_a_stretch_has_no_timeline() -> None:
    assert since(FRAMES[-1], None).timeline == Timeline()
    assert since(FRAMES[-1], None).finished == FRAMES[-1].finished


def test_energy_of_a_stretch_that_is_not_known_makes_none_known() -> None:
    known = PowerFrame(source="NVML", joules=10.0, idle_joules=4.0)
    assert power_plus(known, known) == PowerFrame(source="NVML", joules=20.0, idle_joules=8.0)
    unknown = power_plus(known, PowerFrame(source="NVML"))
    assert unknown is not None
    assert unknown.joules is None
    assert power_plus(known, None) is None
