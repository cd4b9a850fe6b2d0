"""Time series: steps add up to the totals, however many there are."""

from pathlib import Path

import pytest

from infertop.sessions.export.series import Series, series_until
from infertop.sessions.journal.reader import open_recording

from ..frames import frame
from ..journal.recordings import written
from .made import PER_S, SECOND, STACKS, recorded


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("series") / "run.itop", 90)


def series(path: Path, most: int, at_s: int | None = None) -> Series:
    with open_recording(path) as recording:
        last = recording.last_frame() if at_s is None else recording.frame_at(at_s * SECOND)
        made = series_until(recording, last, most)
    assert made
    return made


@pytest.mark.parametrize(
    ("most", "span_s", "steps"), [(1200, 1, 90), (90, 1, 90), (60, 2, 45), (10, 10, 9), (1, 120, 1)]
)
def test_a_run_is_cut_into_round_steps(path: Path, most: int, span_s: int, steps: int) -> None:
    made = series(path, most)
    assert (made.span_s, len(made.moments_ns) - 1) == (span_s, steps)
    assert made.moments_ns[-1] == 90 * SECOND


@pytest.mark.parametrize("most", [1200, 20, 3])
def test_steps_add_up_to_the_totals(path: Path, most: int) -> None:
    made = series(path, most)
    for name, *_ in STACKS:
        steps = [step for step in made.steps(name) if step]
        assert sum(step.finished for step in steps) == 90 * PER_S
        assert sum(step.tok_s * step.seconds for step in steps) == pytest.approx(90 * PER_S * 100)
        assert sum(len(step.histogram("ttft")) for step in steps) == 90 * PER_S
    rented = [step for step in made.steps("H200 ×4") if step]
    assert sum(step.usd or 0.0 for step in rented) == pytest.approx(0.004 * 90)
    assert all(step.usd is None for step in made.steps("laptop") if step)


def test_trailing_steps_reach_back(path: Path) -> None:
    made = series(path, 1200)
    last = made.trailing("Groq", 10)[-1]
    assert last
    assert last.finished == 10 * PER_S
    assert last.usd_per_m == pytest.approx(0.04 / (10 * PER_S * 100) * 1e6)


def test_it_ends_where_the_snapshot_stands(path: Path) -> None:
    assert series(path, 1200, at_s=30).moments_ns[-1] == 30 * SECOND


def test_a_run_that_never_began_has_no_series(tmp_path: Path) -> None:
    path = written(tmp_path / "x.itop", [frame(at_ns=0, phase="starting")])
    with open_recording(path) as recording:
        assert series_until(recording, recording.last_frame(), 10) is None
