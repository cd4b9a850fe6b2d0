"""The file of a sweep: whatever cuts it short, what was whole before is there, and the sweep goes on."""

import msgspec
import pytest

from infertop.engine.frame import BackendFrame
from infertop.engine.plan import BackendPlan, RunPlan
from infertop.engine.sweep.plan import Begun, SweepPlan, Visit, Visited
from infertop.engine.sweep.runner import Sweeper
from infertop.sessions.sweep.document import document, to_json
from infertop.sessions.sweep.file import SweepFile, SweepFileError, find, load, read

from .made import last_document, sweep_plan

PLAN = SweepPlan(plan=RunPlan(title="Two GPUs!", backends=(BackendPlan(name="a", url="sim:h200"),)))


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The file of a small sweep, and its last document."""
    plan = sweep_plan(high=3)
    file = SweepFile.new(tmp_path_factory.mktemp("sweeps"), plan)
    sweep = last_document(Sweeper(plan, file.keep, started_utc=file.started_utc))
    file.close()
    return file.path, sweep


def test_it_is_named_by_time_and_title_and_nobody_else_may_read_it(tmp_path) -> None:
    file = SweepFile.new(tmp_path / "state", PLAN)
    file.close()
    assert file.path.name.endswith(f"_two-gpus_{file.session}.sweep.jsonl")
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert read(file.path).plan == PLAN


def test_it_holds_all_that_the_sweep_knows(kept) -> None:
    path, sweep = kept
    assert msgspec.json.encode(load(path).curves) == msgspec.json.encode(sweep.curves)


def test_cut_anywhere_it_holds_what_was_whole_and_goes_on_to_the_same_end(kept, tmp_path) -> None:
    path, sweep = kept
    data = path.read_bytes()
    for share in (0.3, 0.61, 0.85):
        cut = tmp_path / f"{share}.sweep.jsonl"
        cut.write_bytes(data[: round(len(data) * share)])
        before = read(cut)
        file = SweepFile.again(cut, before.started_utc)
        made = Sweeper(before.plan, file.keep, visited=before.visited, started_utc=before.started_utc)
        again = last_document(made)
        file.close()
        assert msgspec.json.encode(again.curves) == msgspec.json.encode(sweep.curves)
        assert msgspec.json.encode(load(cut).curves) == msgspec.json.encode(sweep.curves)


def test_a_visit_that_never_ended_has_spent_what_it_might_have(tmp_path) -> None:
    file = SweepFile.new(tmp_path, PLAN)
    first = Visit(round=0, backend="a", level=1, nth=0, requests=32)
    second = msgspec.structs.replace(first, round=1, level=2)
    file.keep(Begun(visit=first, at_most_usd=0.5))
    file.keep(Visited(visit=first, counted=BackendFrame(name="a"), spent_usd=0.01))
    file.keep(Begun(visit=second, at_most_usd=0.25))
    file.close()
    found = read(file.path)
    assert found.lost_usd == 0.25
    assert [each.visit for each in found.visited] == [first]


def test_what_failed_is_tried_again_when_it_goes_on(tmp_path) -> None:
    plan = sweep_plan(high=1)
    file = SweepFile.new(tmp_path, plan)
    visit = Visit(round=0, backend="a", level=1.0, nth=0, requests=64)
    file.keep(Begun(visit=visit))
    file.keep(Visited(visit=visit, counted=BackendFrame(name="a"), failed=True, cut="refused", spent_usd=0.01))
    assert load(file.path).curves[0].failed
    kept = read(file.path).to_go_on()
    assert (kept.visited, kept.lost_usd) == ((), 0.01)
    last = last_document(Sweeper(plan, file.keep, lost_usd=kept.lost_usd))
    file.close()
    for sweep in (last, load(file.path)):
        assert not sweep.curves[0].failed
        assert sweep.curves[0].points
        assert sweep.progress.spent_usd == pytest.approx(0.01)


def test_the_document_that_was_printed_is_read_again(kept, tmp_path) -> None:
    _, sweep = kept
    printed = tmp_path / "sweep.json"
    printed.write_bytes(to_json(document(sweep)))
    assert load(printed) == sweep


@pytest.mark.parametrize(
    "data", [b"", b"{}\n", b'{"schema": "infertop.summary/1", "plan": {"backends": []}}', b"\xff"]
)
def test_what_is_no_sweep_is_refused(tmp_path, data) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(data)
    with pytest.raises(SweepFileError, match="sweep"):
        load(path)
    with pytest.raises(SweepFileError, match="sweep"):
        read(path)


def test_it_is_found_by_what_a_person_types(kept, tmp_path) -> None:
    path, _ = kept
    folder = path.parent
    session = path.name.removesuffix(".sweep.jsonl").rpartition("_")[2]
    assert find(folder, "last") == find(folder, session[:4]) == find(folder, str(path)) == path
    with pytest.raises(SweepFileError, match=session):
        find(folder, "zzz")
    with pytest.raises(SweepFileError, match="none yet"):
        find(tmp_path, "last")
