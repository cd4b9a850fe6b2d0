"""A recording, read: what was run, its frames, requests, markers and events.

    with open_recording(path) as recording:
        print(recording.facts.title, recording.last_frame().at_ns)

Opens read-only, and works on a session that still runs. A file may come from anybody: what is not as an engine would
have written it ends in a RecordingError, and text is as it was recorded, so that it must pass `printable` before
anyone sees it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from ...backends.printable import printable
from ...engine.frame import Frame, FrameVersionError, Marker
from ...engine.plan import RunPlan
from ...engine.record import RequestRecord
from .checks import UnlikelyError, check
from .facts import Facts
from .packing import MOST_BYTES, PackingError, unpack
from .page import Event
from .schema import APPLICATION_ID, COLUMNS, SCHEMA, TABLES
from .upgrade import decode_any

RequestRow = RequestRecord
"""A request as it is read back is the request as it was handed over."""

_BUSY_S: Final = 5.0


class RecordingError(Exception):
    """A file cannot be read as a recording; the text names the file and what is wrong, in one safe line."""


class Recording:
    """An open recording; a context manager. Made by `open_recording`.

    Attributes:
        path: its file.
        facts: as they stood when it was opened.
    """

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path = path
        self._database = database
        self.facts = self._read_facts()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def moments(self) -> tuple[int, ...]:
        """Run times of all frames, oldest first; several share a time, 0 above all."""
        with self._telling("frames"):
            return tuple(_whole(at_ns) for (at_ns,) in self._database.execute("SELECT at_ns FROM frames ORDER BY id"))

    def duration_ns(self) -> int:
        """Run time of the newest frame; 0 without any."""
        with self._telling("frames"):
            return _whole(self._database.execute("SELECT max(at_ns) FROM frames").fetchone()[0] or 0)

    def frames(self, first: int = 0, end: int | None = None) -> Iterator[Frame]:
        """Frames oldest first, about one a second; `first` and `end` count them as `moments` does.

        Raises:
            RecordingError: one of them is damaged, when its turn comes.
        """
        return self._unpacked(first, end)

    def last_frame(self) -> Frame:
        """The newest frame; raises RecordingError if there is none."""
        return self._frame_before("", ())

    def frame_at(self, at_ns: int) -> Frame:
        """The frame in force at run time `at_ns`: the last one not after it, or the first of all."""
        return self._frame_before("WHERE at_ns <= ?", (at_ns,))

    def requests(self) -> Iterator[RequestRow]:
        """Every request that has ended, in the order of ending; texts where they were kept."""
        columns = ", ".join(f"requests.{name}" for name in COLUMNS["requests"][1:])
        query = (
            f"SELECT {columns}, texts.prompt, texts.answer FROM requests "  # noqa: S608 - our own names
            "LEFT JOIN texts ON texts.request = requests.id ORDER BY requests.id"
        )
        with self._telling("requests"):
            for row in self._database.execute(query):
                yield _request(row)

    def count_requests(self) -> int:
        """How many requests there are."""
        with self._telling("requests"):
            (count,) = self._database.execute("SELECT count(*) FROM requests").fetchone()
            return int(count)

    def markers(self) -> tuple[Marker, ...]:
        """Changes of load or workload, oldest first."""
        with self._telling("markers"):
            rows = self._database.execute("SELECT at_ns, text FROM markers ORDER BY at_ns, id")
            return tuple(msgspec.convert({"at_ns": at_ns, "text": text}, Marker) for at_ns, text in rows)

    def events(self) -> tuple[Event, ...]:
        """What happened, oldest first."""
        with self._telling("events"):
            rows = self._database.execute("SELECT at_ns, kind, backend, text FROM events ORDER BY at_ns, id")
            return tuple(msgspec.convert(row, Event) for row in rows)

    def _frame_before(self, condition: str, values: tuple[int, ...]) -> Frame:
        with self._telling("frames"):
            earlier = self._database.execute(f"SELECT count(*) FROM frames {condition}", values).fetchone()[0]  # noqa: S608
        at = max(int(earlier) - 1, 0)
        for frame in self._unpacked(at, at + 1):
            return frame
        raise RecordingError(f"{_shown(self.path)}: it holds no frame: it ended before the run began")

    def _unpacked(self, first: int, end: int | None) -> Iterator[Frame]:
        """The frames numbered from `first` to before `end`."""
        with self._telling("frames"):
            found = self._database.execute("SELECT id FROM frames ORDER BY id LIMIT 1 OFFSET ?", (first,)).fetchone()
            if found is None:
                return
            start = self._database.execute("SELECT max(id) FROM frames WHERE whole AND id <= ?", found).fetchone()[0]
            if start is None:
                raise PackingError("the frame that others are packed with is missing")
            many = -1 if end is None else end - first
            before, shown = b"", 0
            query = "SELECT id, whole, data FROM frames WHERE id >= ? ORDER BY id"
            for number, whole, packed in self._database.execute(query, (start,)):
                if shown == many:
                    return
                before = unpack(packed, b"" if whole else before)
                if number >= found[0]:
                    shown += 1
                    frame = decode_any(before)
                    check(frame)
                    yield frame

    def _read_facts(self) -> Facts:
        with self._telling("facts"):
            known = dict(self._database.execute("SELECT key, value FROM facts").fetchall())
            fields: dict[str, Any] = {key: value for key, value in known.items() if key in Facts.__struct_fields__}
            fields["plan"] = msgspec.json.decode(known.get("plan", "{}"), type=RunPlan)
            fields["machine"] = msgspec.json.decode(known.get("machine", "{}"), type=dict[str, str])
            fields["labels"] = msgspec.json.decode(known.get("labels", "[]"), type=tuple[str, ...])
            fields["stated"] = msgspec.json.decode(known.get("stated", "{}"), type=dict[str, dict[str, float]])
            fields["finished"] = known.get("finished") == "1"
            (fields["schema"],) = self._database.execute("PRAGMA user_version").fetchone()
            return msgspec.convert(fields, Facts)

    @contextmanager
    def _telling(self, part: str) -> Iterator[None]:
        """Whatever is wrong with the file, told as one error."""
        try:
            yield
        except _FAULTS as error:
            raise RecordingError(f"{_shown(self.path)}: its {part} are damaged: {_said(error)}") from None


_FAULTS = (
    sqlite3.Error, msgspec.DecodeError, msgspec.ValidationError, FrameVersionError, PackingError, UnlikelyError,
    TypeError, ValueError, OverflowError, RecursionError,
)  # fmt: skip


def open_recording(path: Path | str) -> Recording:
    """The recording in the file at `path`.

    Raises:
        RecordingError: there is none, or it cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise RecordingError(f"{_shown(path)}: no such file" if not path.exists() else f"{_shown(path)}: not a file")
    database: sqlite3.Connection | None = None
    try:
        database = _connected(path)
        _check_tables(path, database)
        return Recording(path, database)
    except RecordingError:
        if database is not None:
            database.close()
        raise
    except _FAULTS as error:
        if database is not None:
            database.close()
        raise RecordingError(f"{_shown(path)}: not a recording of infertop: {_said(error)}") from None


def _connected(path: Path) -> sqlite3.Connection:
    """Open it read-only, and without a log of changes beside it (which a folder may forbid) where there is none."""
    still = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    database = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro{still}", uri=True, timeout=_BUSY_S, check_same_thread=False
    )
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
    for setting in ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON", "mmap_size = 0"):
        database.execute(f"PRAGMA {setting}")
    return database


def _check_tables(path: Path, database: sqlite3.Connection) -> None:
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (schema,) = database.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise RecordingError(f"{_shown(path)}: not a recording of infertop")
    if schema > SCHEMA:
        raise RecordingError(
            f"{_shown(path)}: recorded by a newer infertop (schema {schema}; this one reads up to {SCHEMA})"
        )
    foreign = database.execute("SELECT name FROM sqlite_master WHERE type NOT IN ('table', 'index')").fetchall()
    if foreign:
        raise RecordingError(f"{_shown(path)}: it holds {len(foreign)} views or triggers; no recording does")
    for table in TABLES:
        found = [(row[1], row[6]) for row in database.execute(f"PRAGMA table_xinfo({table})")]
        missing = set(COLUMNS[table]) - {name for name, hidden in found if not hidden}
        if missing:
            raise RecordingError(f"{_shown(path)}: its table {table} lacks {', '.join(sorted(missing))}")


def _request(row: tuple[Any, ...]) -> RequestRow:
    fields = dict(zip((*COLUMNS["requests"][1:], "prompt", "answer"), row, strict=True))
    fields["index"] = fields.pop("prompt_index")
    fields["resent"] = bool(fields["resent"])
    fields["good"] = None if fields["good"] is None else bool(fields["good"])
    fields["vendor"] = msgspec.json.decode(fields["vendor"] or "{}", type=dict[str, float])
    values = [fields[name] for name in RequestRow.__struct_fields__]
    return msgspec.convert(values, RequestRow)


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError("a time is not a whole number")
    return value


def _shown(path: Path) -> str:
    return printable(str(path), 300)


def _said(error: Exception) -> str:
    return printable(str(error) or type(error).__name__, 200)
