"""Files that others made: a clear error or safe text, never a crash, never an escape on the screen."""

import shutil
import sqlite3
import zlib

import msgspec
import pytest

from infertop.engine.frame import FRAME_VERSION, BackendFrame, Frame, Timeline, decode, encode
from infertop.engine.histogram import HistogramState
from infertop.sessions.journal.packing import pack
from infertop.sessions.journal.reader import RecordingError, open_recording
from infertop.sessions.journal.schema import SCHEMA
from infertop.sessions.journal.upgrade import decode_any

from .recordings import record, run, written


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    return written(tmp_path_factory.mktemp("honest") / "a.itop", run(40), [record(at) for at in range(200)])


@pytest.fixture
def copy(honest, tmp_path):
    return shutil.copy(honest, tmp_path / "b.itop")


def changed(path, *statements):
    database = sqlite3.connect(path)
    with database:
        for statement, *values in statements:
            database.execute(statement, values)
    database.close()
    return path


def read_all(path):
    with open_recording(path) as recording:
        return (
            recording.facts, list(recording.frames()), list(recording.requests()), recording.markers(),
            recording.events(), recording.last_frame(), recording.frame_at(5 * 10**9), recording.duration_ns(),
        )  # fmt: skip


@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 5000, b"SQLite format 3\x00" + b"\xff" * 5000, b"PK\x03\x04", b"[run]\nseed = 1\n"]
)
def test_another_file_is_no_recording(tmp_path, data):
    path = tmp_path / "a\x1b[31m.itop"
    path.write_bytes(data)
    with pytest.raises(RecordingError, match="not a recording of infertop") as caught:
        open_recording(path)
    assert "\x1b" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    with pytest.raises(RecordingError, match="no such file"):
        open_recording(tmp_path / "none.itop")
    with pytest.raises(RecordingError, match="not a file"):
        open_recording(tmp_path)


@pytest.mark.parametrize("seed", range(40))
def test_corrupt_pages_are_an_error_or_do_no_harm(copy, seed):
    import random

    rng = random.Random(seed)
    data = bytearray(copy.read_bytes())
    for _ in range(rng.choice((1, 5, 100))):
        at = rng.randrange(100, len(data))
        data[at : at + 8] = rng.randbytes(8)
    if seed % 4 == 0:
        del data[rng.randrange(200, len(data)) :]
    copy.write_bytes(data)
    try:
        read_all(copy)
    except RecordingError as error:
        assert str(copy) in str(error)  # noqa: PT017 - or none is raised


WRONG = {
    "plan is no plan": ("UPDATE facts SET value = '[1]' WHERE key = 'plan'",),
    "plan is a number": ("UPDATE facts SET value = 17 WHERE key = 'plan'",),
    "a fact is a blob": ("UPDATE facts SET value = zeroblob(10) WHERE key = 'title'",),
    "no facts": ("DELETE FROM facts",),
    "bad utf-8": ("UPDATE facts SET value = CAST(x'ff41' AS TEXT) WHERE key = 'note'",),
    "a backend is a blob": ("UPDATE requests SET backend = x'ff' WHERE id = 3",),
    "a time is text": ("UPDATE requests SET first_ns = 'soon' WHERE id = 3",),
    "a count is too large": ("UPDATE requests SET output_tokens = 1e300 WHERE id = 3",),
    "status is unheard of": ("UPDATE requests SET status = 'stolen' WHERE id = 3",),
    "vendor is nested": ("UPDATE requests SET vendor = '{\"a\": {}}' WHERE id = 3",),
    "vendor is deep": ("UPDATE requests SET vendor = ? WHERE id = 3", "[" * 100_000),
    "a frame is text": ("UPDATE frames SET data = 'frame' WHERE id = 7",),
    "a frame is empty": ("UPDATE frames SET data = x'' WHERE id = 7",),
    "a frame is large": ("UPDATE frames SET data = zeroblob(100000000) WHERE id = 7",),
    "no whole frame": ("UPDATE frames SET whole = 0",),
    "a frame's time is text": ("UPDATE frames SET at_ns = 'noon' WHERE id = 7",),
    "a marker's time is a blob": ("INSERT INTO markers (at_ns, text) VALUES (x'00', 'a')",),
    "an event is of no kind": ("INSERT INTO events (at_ns, kind, backend, text) VALUES (1, 'evil', '', '')",),
}


@pytest.mark.parametrize("statement", WRONG.values(), ids=WRONG)
def test_wrong_types_are_told(copy, statement):
    changed(copy, statement)
    with pytest.raises(RecordingError, match=r"b\.itop: its \w+ are damaged|not a recording"):
        read_all(copy)


def bad(**backend):
    frame = run(1)[0]
    first = msgspec.structs.replace(frame.backends[0], **backend)
    return msgspec.structs.replace(frame, backends=(first, *frame.backends[1:]))


BAD_FRAMES = {
    "time": msgspec.structs.replace(run(1)[0], at_ns=-1),
    "far future": msgspec.structs.replace(run(1)[0], at_ns=1 << 61),
    "histogram of odd length": bad(histograms={"ttft": HistogramState(b"\x01", b"\x01")}),
    "histogram beyond its buckets": bad(histograms={"ttft": HistogramState(b"\xff\xff", b"\x01")}),
    "histogram of too many": bad(histograms={"ttft": HistogramState(b"\x01\x00", b"\xff" * 8)}),
    "histogram less than none": bad(histograms={"ttft": HistogramState(under=-5)}),
    "not a number": bad(arriving_tokens=float("nan")),
    "infinite": bad(spent_usd=float("inf")),
    "less than none": bad(finished=-1),
    "errors less than none": bad(errors={"timeout": -3}),
    "timeline too long": bad(timeline=Timeline(tokens=(1.0,) * 301)),
    "timeline beyond its time": bad(timeline=Timeline(first_slot=10**12, tokens=(1.0,))),
    "timeline of nothing": bad(timeline=Timeline(tokens=(float("nan"),))),
    "twins": msgspec.structs.replace(run(1)[0], backends=(BackendFrame(name="a"), BackendFrame(name="a"))),
    "crowd": msgspec.structs.replace(run(1)[0], backends=tuple(BackendFrame(name=str(at)) for at in range(1001))),
}  # fmt: skip


@pytest.mark.parametrize("frame", BAD_FRAMES.values(), ids=BAD_FRAMES)
def test_a_frame_no_engine_makes_is_refused(copy, frame):
    changed(copy, ("UPDATE frames SET data = ?, whole = 1 WHERE id = 7", pack(encode(frame))))
    with pytest.raises(RecordingError, match="its frames are damaged"):
        read_all(copy)


def test_honest_frames_pass(honest):
    assert len(read_all(honest)[1]) == 40


def test_a_frame_that_swells_is_refused(copy):
    bomb = zlib.compress(bytes(60 << 20))
    changed(copy, ("UPDATE frames SET data = ?, whole = 1 WHERE id = 7", len(bomb).to_bytes(4, "little") + bomb))
    with pytest.raises(RecordingError, match="does not end where it should"):
        read_all(copy)


def test_views_and_triggers_are_refused(copy):
    changed(copy, ("CREATE VIEW v AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) SELECT x FROM c",))
    with pytest.raises(RecordingError, match="1 views or triggers"):
        open_recording(copy)


def test_a_view_in_place_of_a_table_is_refused(copy):
    changed(
        copy,
        ("ALTER TABLE frames RENAME TO hidden",),
        ("CREATE VIEW frames AS SELECT * FROM hidden",),
    )
    with pytest.raises(RecordingError, match="views or triggers"):
        open_recording(copy)


def test_a_column_that_computes_is_refused(copy):
    changed(
        copy,
        ("DROP TABLE events",),
        ("CREATE TABLE events (id, at_ns, kind, backend, text AS (zeroblob(1000000000)))",),
    )
    with pytest.raises(RecordingError, match="its table events lacks text"):
        open_recording(copy)


def test_a_table_without_a_column_is_told(copy):
    changed(copy, ("ALTER TABLE requests DROP COLUMN chunks",))
    with pytest.raises(RecordingError, match="its table requests lacks chunks"):
        open_recording(copy)


def test_a_newer_schema_is_told_with_what_can_be_read(copy):
    changed(copy, (f"PRAGMA user_version = {SCHEMA + 1}",))
    with pytest.raises(RecordingError, match=f"newer infertop .schema {SCHEMA + 1}; this one reads up to {SCHEMA}"):
        open_recording(copy)


def test_reading_never_writes(copy):
    before = copy.read_bytes()
    with open_recording(copy) as recording:
        read_all(copy)
        with pytest.raises(sqlite3.OperationalError):
            recording._database.execute("DELETE FROM facts")
    assert copy.read_bytes() == before


def test_a_frame_of_an_older_version_is_brought_up_step_by_step():
    frame = run(1)[0]
    old = msgspec.msgpack.decode(encode(frame))
    old["version"] = FRAME_VERSION - 2
    old["backends"] = [{**backend, "name": backend["name"].upper()} for backend in old["backends"]]
    old["heading"] = old.pop("title")

    def renamed(fields):
        return {**fields, "title": fields["heading"]}

    def lowered(fields):
        return {**fields, "backends": [{**b, "name": b["name"].capitalize()} for b in fields["backends"]]}

    made = decode_any(msgspec.msgpack.encode(old), {FRAME_VERSION - 2: renamed, FRAME_VERSION - 1: lowered})
    assert isinstance(made, Frame)
    assert (made.title, made.version) == (frame.title, FRAME_VERSION)
    assert [backend.name for backend in made.backends] == [backend.name.capitalize() for backend in frame.backends]
    assert made.backends[0].histograms == frame.backends[0].histograms


def test_a_frame_of_a_newer_version_is_told(copy):
    newer = {**msgspec.msgpack.decode(encode(run(1)[0])), "version": FRAME_VERSION + 1}
    data = msgspec.msgpack.encode(newer)
    changed(copy, ("UPDATE frames SET data = ?, whole = 1 WHERE id = 7", pack(data)))
    with pytest.raises(RecordingError, match=f"frame version {FRAME_VERSION + 1}"):
        read_all(copy)


def test_a_field_this_version_does_not_know_is_passed_over():
    data = msgspec.msgpack.encode({**msgspec.msgpack.decode(encode(run(1)[0])), "colour": "blue"})
    assert decode_any(data) == decode(encode(run(1)[0]))
