"""What a journal was given is what it gives back."""

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infertop.engine.cost import ApiPrice
from infertop.engine.frame import Marker, encode
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, SloPlan, WorkloadPlan
from infertop.engine.record import RequestRecord
from infertop.sessions.journal.facts import redacted, this_machine
from infertop.sessions.journal.page import MOST_FRAMES, Event, Page
from infertop.sessions.journal.reader import RecordingError, open_recording
from infertop.sessions.journal.schema import APPLICATION_ID, COLUMNS, SCHEMA
from infertop.sessions.journal.writer import JournalError, JournalWriter, amend, settle

from .recordings import SECOND, facts, page, record, run, written

texts = st.text(max_size=20)
counts = st.integers(0, 2**40)
moments = st.none() | st.integers(-(2**40), 2**60)
records = st.builds(
    RequestRecord,
    backend=texts,
    index=counts,
    worker=counts,
    workload=texts,
    status=st.sampled_from(["finished", "failed"]),
    error=texts,
    message=texts,
    finish_reason=texts,
    scheduled_ns=st.integers(-(2**40), 2**60),
    sent_ns=moments,
    first_ns=moments,
    last_ns=moments,
    connect_ns=counts,
    resent=st.booleans(),
    input_tokens=counts,
    cached_tokens=counts,
    cache_write_tokens=counts,
    output_tokens=counts,
    reasoning_tokens=counts,
    token_source=st.sampled_from(["usage", "tok", "≈", ""]),
    first_tokens=counts,
    chunks=counts,
    characters=counts,
    prompt_characters=counts,
    cost_usd=st.none() | st.floats(0, 1e6),
    good=st.none() | st.booleans(),
    vendor=st.dictionaries(texts, st.floats(-1e6, 1e6), max_size=3),
    prompt=st.none() | texts,
    answer=st.none() | texts,
)


@settings(max_examples=30)
@given(given=st.lists(records, max_size=5))
def test_requests_come_back_field_by_field(tmp_path_factory, given):
    path = written(tmp_path_factory.mktemp("j") / "a.itop", run(1), given)
    with open_recording(path) as recording:
        assert list(recording.requests()) == given
        assert recording.count_requests() == len(given)


def test_every_field_of_a_record_has_its_column():
    columns = {*COLUMNS["requests"], *COLUMNS["texts"]} - {"id", "request", "prompt_index"}
    assert {*RequestRecord.__struct_fields__} - {"index"} == columns


def test_frames_come_back_in_order_and_by_their_time(tmp_path):
    frames = run(100)
    path = written(tmp_path / "a.itop", frames)
    with open_recording(path) as recording:
        assert list(recording.frames()) == frames
        assert recording.moments() == tuple(frame.at_ns for frame in frames)
        assert recording.last_frame() == frames[-1]
        assert recording.duration_ns() == 99 * SECOND
        for at_ns, second in ((0, 0), (-5, 0), (SECOND, 1), (int(45.9 * SECOND), 45), (10**18, 99)):
            assert recording.frame_at(at_ns) == frames[second]
        for first, end in ((0, 1), (29, 32), (59, 61), (95, None), (100, None)):
            assert list(recording.frames(first, end)) == frames[first:end]
        assert recording.markers() == (Marker(at_ns=50 * SECOND, text="concurrency 11"),)
        assert recording.events() == (Event(0, "phase", "", "running"),)


def test_facts_come_back_and_say_how_it_ended(tmp_path):
    plan = RunPlan(
        title="t",
        backends=(
            BackendPlan(
                name="a", url="https://api.example.com/v1", key="env:K",
                price=ApiPrice(usd_per_m_input=1, usd_per_m_output=2, as_of="2026-11", source="list"),
            ),
        ),
        workload=WorkloadPlan(source="code"), arrivals=ArrivalsPlan(kind="poisson", rate_per_s=3),
        slo=SloPlan(ttft_ms=5), seed=9, duration_s=4.0,
    )  # fmt: skip
    before = facts(plan=plan, profile='title = "t"\n', name="n", note="line\nline", machine=this_machine())
    journal = JournalWriter(tmp_path / "a.itop", before)
    with open_recording(journal.path) as recording:
        assert recording.facts == before
    journal.close("told", ("LIVE",))
    with open_recording(journal.path) as recording:
        after = recording.facts
    assert (after.finished, after.stop_reason, after.labels) == (True, "told", ("LIVE",))
    assert after.ended_utc > after.started_utc
    changed = {"finished": False, "stop_reason": "", "labels": (), "ended_utc": ""}
    assert msgspec.structs.replace(after, **changed) == before


def test_a_url_is_kept_without_whatever_it_may_give_away():
    backend = BackendPlan(name="a", url="https://me:pw@host:8/v1?key=k#f", metrics_url="http://u:p@m/metrics?token=t")
    (kept,) = redacted(RunPlan(backends=(backend,))).backends
    assert (kept.url, kept.metrics_url) == ("https://host:8/v1", "http://m/metrics")
    assert redacted(RunPlan(backends=(BackendPlan(name="a", url="sim:h200"),))).backends[0].url == "sim:h200"


def test_a_journal_is_its_owners_alone_and_one_plain_file_in_the_end(tmp_path):
    journal = JournalWriter(tmp_path / "made" / "a.itop", facts())
    journal.write(page(run(1)[0], record(1)))
    for path in journal.path.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    journal.close("duration")
    assert [path.name for path in journal.path.parent.iterdir()] == ["a.itop"]
    database = sqlite3.connect(journal.path)
    assert database.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert database.execute("PRAGMA user_version").fetchone() == (SCHEMA,)
    assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    database.close()


def test_a_session_that_runs_can_be_read(tmp_path):
    frames = run(40)
    journal = JournalWriter(tmp_path / "a.itop", facts())
    journal.write(page(frames[0]))
    with open_recording(journal.path) as recording:
        for seen, frame in enumerate(frames[1:], 2):
            journal.write(page(frame, record(seen)))
            assert recording.last_frame() == frame
            assert len(recording.moments()) == seen
        assert not recording.facts.finished
        assert recording.count_requests() == 39
        journal.close("duration")  # though somebody reads
        assert recording.last_frame() == frames[-1]
    with open_recording(journal.path) as recording:
        assert recording.facts.finished


def test_a_finished_recording_can_be_read_where_nothing_can_be_written(tmp_path):
    path = written(tmp_path / "a.itop", run(2))
    path.chmod(0o400)
    tmp_path.chmod(0o500)
    try:
        with open_recording(path) as recording:
            assert recording.last_frame() == run(2)[-1]
        assert [each.name for each in tmp_path.iterdir()] == ["a.itop"]
    finally:
        tmp_path.chmod(0o700)


def test_what_a_killed_process_left_is_read_and_then_settled(tmp_path):
    path = tmp_path / "a.itop"
    program = (
        "import os, sys; from pathlib import Path\n"
        "from tests.sessions.journal.recordings import *\n"
        "journal = JournalWriter(Path(sys.argv[1]), facts())\n"
        "[journal.write(page(frame, record(at))) for at, frame in enumerate(run(5))]\n"
        "os.kill(os.getpid(), 9)"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", program, str(path)], cwd=root, check=False)
    assert done.returncode == -9
    for settled in (False, True):
        if settled:
            settle(path)
            assert [each.name for each in tmp_path.iterdir()] == ["a.itop"]
        with open_recording(path) as recording:
            assert list(recording.frames()) == run(5)
            assert recording.count_requests() == 5
            assert not recording.facts.finished
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_name_and_a_note_can_be_changed_afterwards(tmp_path):
    path = written(tmp_path / "a.itop", run(1))
    amend(path, name="before fp8")
    amend(path, note="x\ny")
    with open_recording(path) as recording:
        assert (recording.facts.name, recording.facts.note) == ("before fp8", "x\ny")


def test_a_page_is_written_whole_or_not_at_all(tmp_path):
    journal = JournalWriter(tmp_path / "a.itop", facts())
    frames = run(4)
    journal.write(page(frames[0], record(0)))
    journal._database.execute("PRAGMA max_page_count = 1")  # what a full disk looks like
    large = Page()
    large.add_records([record(at, message="x" * 200) for at in range(1, 5000)])
    large.add_frame(SECOND, encode(frames[1]))
    with pytest.raises(JournalError, match="disk full"):
        journal.write(large)
    with open_recording(journal.path) as recording:
        assert recording.count_requests() == 1
        assert list(recording.frames()) == frames[:1]
    journal._database.execute("PRAGMA max_page_count = 1000000")
    journal.write(large)
    journal.write(page(frames[2]))
    journal.close("duration")
    assert journal.requests == 5000
    with open_recording(journal.path) as recording:
        assert list(recording.frames()) == frames[:3]
        assert recording.count_requests() == 5000


def test_where_no_journal_can_be_made_the_reason_is_told(tmp_path):
    written(tmp_path / "a.itop", run(1))
    with pytest.raises(JournalError, match="File exists"):
        JournalWriter(tmp_path / "a.itop", facts())
    with pytest.raises(JournalError, match=r"Not a directory|File exists"):
        JournalWriter(tmp_path / "a.itop" / "b.itop", facts())
    if Path("/proc/self").exists():
        with pytest.raises(JournalError, match=r"No such file|denied|not permitted"):
            JournalWriter(Path("/proc/infertop/b.itop"), facts())


def test_a_page_that_cannot_be_written_does_not_grow_for_ever():
    waiting = Page()
    for second, frame in enumerate(run(1) * (MOST_FRAMES + 30)):
        waiting.add_frame(second, encode(frame))
    assert waiting.frames[0][0] == 30
    waiting.add_records([record(1, prompt="x" * (40 << 20))] * 3)
    assert len(waiting.records) == 2
    later = page(run(1)[0], record(5))
    assert waiting.before(later).frames[-1] == later.frames[0]


def test_times_of_a_request_follow_measurement_md():
    one = record(1)
    assert (one.ttft_ns, one.ttft_sched_ns, one.e2e_ns, one.tpot_ns) == (
        50_000_000,
        50_001_000,
        140_000_000,
        10_000_000,
    )
    assert record(1, first_tokens=4).tpot_ns == 15_000_000
    nothing = record(1, sent_ns=None, first_ns=None, last_ns=None)
    assert (nothing.ttft_ns, nothing.ttft_sched_ns, nothing.e2e_ns, nothing.tpot_ns) == (None, None, None, None)
    assert record(1, output_tokens=1).tpot_ns is None


def test_a_run_that_never_began_has_no_frame_and_says_so(tmp_path):
    JournalWriter(tmp_path / "a.itop", facts()).close("the engine ended unexpectedly")
    with open_recording(tmp_path / "a.itop") as recording:
        assert (list(recording.frames()), recording.moments(), recording.duration_ns()) == ([], (), 0)
        with pytest.raises(RecordingError, match="no frame"):
            recording.last_frame()
        with pytest.raises(RecordingError, match="no frame"):
            recording.frame_at(0)
