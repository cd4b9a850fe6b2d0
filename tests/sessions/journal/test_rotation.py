"""The folder of journals stays within bounds: the oldest unnamed ones give way, nothing else does."""

import socket

import pytest

from infertop.sessions.folder import file_name, session_of, short_path, socket_path
from infertop.sessions.journal.rotation import MOST_BYTES, VARIABLE, make_room, most_bytes
from infertop.sessions.journal.writer import JournalWriter, amend

from .recordings import facts, page, run, written


@pytest.fixture
def folder(tmp_path):
    for day in range(1, 6):
        written(tmp_path / f"2026-11-0{day}T10-00-00_fleet_00000{day}.itop", run(2))
    return tmp_path


def days(folder):
    return [int(session_of(path)) for path in sorted(folder.glob("*.itop"))]


def room_for(folder, count):
    return sum(path.stat().st_size for path in list(folder.glob("*.itop"))[:count]) + 100


def test_the_oldest_go_first(folder):
    deleted = make_room(folder, room_for(folder, 3))
    assert [path.name[:10] for path in deleted] == ["2026-11-01", "2026-11-02"]
    assert days(folder) == [3, 4, 5]
    assert make_room(folder, room_for(folder, 3)) == []


def test_one_with_a_name_stays(folder):
    amend(folder / "2026-11-01T10-00-00_fleet_000001.itop", name="keep")
    make_room(folder, room_for(folder, 2))
    assert days(folder) == [1, 5]
    make_room(folder, 1)
    assert days(folder) == [1]


def test_what_is_no_recording_is_left_alone(folder):
    (folder / "2026-01-01T10-00-00_x_ffffff.itop").write_text("mine")
    make_room(folder, 1)
    assert [path.read_text() for path in folder.glob("*.itop")] == ["mine"]


def test_one_that_runs_stays(folder):
    path = socket_path(folder, "000001")
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as door:
        with short_path(path) as near:
            door.bind(near)
        door.listen()
        make_room(folder, 1)
        assert days(folder) == [1]
    make_room(folder, 1)  # its host is gone
    assert days(folder) == []
    assert not path.exists()


def test_what_a_killed_host_left_is_folded_in(folder, tmp_path):
    path = folder / file_name_like("00000a")
    left = JournalWriter(path, facts())
    left.write(page(run(1)[0]))
    for name in ("", "-wal"):  # as a kill leaves it: the log is not folded in
        (tmp_path / f"copy{name}").write_bytes(path.with_name(path.name + name).read_bytes())
    left.close("told")
    for name in ("", "-wal"):
        (tmp_path / f"copy{name}").replace(path.with_name(path.name + name))
    make_room(folder, 1 << 30)
    assert not path.with_name(f"{path.name}-wal").exists()
    assert path.stat().st_size > 10_000


def file_name_like(session):
    return f"2026-11-09T10-00-00_fleet_{session}.itop"


def test_a_name_sorts_by_time_and_holds_nothing_odd():
    from datetime import UTC, datetime

    began = datetime(2026, 11, 23, 18, 5, 12, tzinfo=UTC)
    assert file_name(began, "Simulated fleet", "ab12cd") == "2026-11-23T18-05-12_simulated-fleet_ab12cd.itop"
    assert (
        file_name(began, "../../etc/\x1b[31m\u202epasswd", "ab12cd")
        == "2026-11-23T18-05-12_etc-31m-passwd_ab12cd.itop"
    )
    assert file_name(began, "漢字", "ab12cd") == "2026-11-23T18-05-12_session_ab12cd.itop"
    assert len(file_name(began, "x" * 500, "ab12cd")) < 90


@pytest.mark.parametrize(
    ("said", "meant"), [("", MOST_BYTES), ("0", 0), ("0.5", 500_000_000), ("10", 10_000_000_000)]
)
def test_the_bound_can_be_set(said, meant):
    assert most_bytes({VARIABLE: said}) == meant


@pytest.mark.parametrize("said", ["much", "-1", "nan", "1e9"])
def test_a_bound_that_is_none_is_told(said):
    with pytest.raises(ValueError, match=VARIABLE):
        most_bytes({VARIABLE: said})
