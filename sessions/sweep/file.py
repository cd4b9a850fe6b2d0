"""The file of a sweep: a line for what it does, then two for every visit, as it begins and as it ended.

Lines are only ever added, and each is on disk before the sweep goes on, so whatever kills it costs one visit at most:
a line that was cut short is none, and a visit that began and never ended has spent what it might have.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, Self

import msgspec

from ... import __version__
from ...backends.printable import printable
from ...engine.sweep.plan import Begun, SweepPlan, Visited
from ...engine.sweep.runner import Sweeper
from ...engine.sweep.sweep import SCHEMA, Sweep
from ..folder import file_name, new_id
from ..journal.schema import SUFFIX as SESSION

SUFFIX: Final = ".sweep.jsonl"

_SCHEMA: Final = "infertop.sweep-file/1"
_MOST_BYTES: Final = 1 << 30


class SweepFileError(Exception):
    """A file is no sweep, or cannot be written; the text says why, in one safe line."""


class _Head(msgspec.Struct, frozen=True, kw_only=True, tag="sweep"):
    """The first line."""

    schema: Literal["infertop.sweep-file/1"] = _SCHEMA
    infertop: str
    started_utc: str
    plan: SweepPlan


_Line = _Head | Begun | Visited

_decoder = msgspec.json.Decoder(_Line)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds.

    Attributes:
        plan: what the sweep does.
        started_utc: when it was begun.
        visited: what came of its visits, in order.
        lost_usd: what visits may have spent that began and never ended.
    """

    plan: SweepPlan
    started_utc: str
    visited: tuple[Visited, ...] = ()
    lost_usd: float = 0.0

    def to_go_on(self) -> Self:
        """What a sweep goes on from: visits that failed are made again, and what they spent is lost."""
        failed_usd = sum(each.spent_usd for each in self.visited if each.failed)
        kept = tuple(each for each in self.visited if not each.failed)
        return msgspec.structs.replace(self, visited=kept, lost_usd=self.lost_usd + failed_usd)


class SweepFile:
    """A file that is written to; made by `new` or `again`."""

    def __init__(self, path: Path, started_utc: str) -> None:
        self.path = path
        self.started_utc = started_utc
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    @property
    def session(self) -> str:
        """By which it can be called again."""
        return _id(self.path)

    @classmethod
    def new(cls, folder: Path, plan: SweepPlan) -> Self:
        """The file of a new sweep; raises SweepFileError."""
        started = datetime.now(UTC)
        name = file_name(started, plan.plan.title, new_id()).removesuffix(SESSION) + SUFFIX
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            made = cls(folder / name, started.isoformat("T", "seconds"))
            made.keep(_Head(infertop=__version__, started_utc=made.started_utc, plan=plan))
            _sync_folder(folder)
        except OSError as error:
            raise SweepFileError(f"{folder}: {error.strerror or error}") from None
        return made

    @classmethod
    def again(cls, path: Path, started_utc: str) -> Self:
        """The file of a sweep that goes on; a line cut short is taken away. Raises SweepFileError."""
        try:
            with path.open("r+b") as file:
                file.truncate(_whole(file.read()))
            return cls(path, started_utc)
        except OSError as error:
            raise SweepFileError(f"{path}: {error.strerror or error}") from None

    def keep(self, line: _Line) -> None:
        """Add a line; it is on disk when this returns. Raises OSError."""
        written = memoryview(msgspec.json.encode(line) + b"\n")
        while written:
            written = written[os.write(self._descriptor, written) :]
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Write no more."""
        os.close(self._descriptor)


def read(path: Path) -> Kept:
    """What the file of a sweep holds; raises SweepFileError."""
    shown = printable(str(path), 300)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise SweepFileError(f"{shown}: is too large to be a sweep")
        data = path.read_bytes()
    except OSError as error:
        raise SweepFileError(f"{shown}: {error.strerror or error}") from None
    try:
        lines = [_decoder.decode(line) for line in data[: _whole(data)].splitlines()]
    except msgspec.DecodeError as error:
        raise SweepFileError(f"{shown}: is not the file of a sweep: {printable(str(error), 200)}") from None
    if not lines or not isinstance(lines[0], _Head):
        raise SweepFileError(f"{shown}: is not the file of a sweep")
    visited = [line for line in lines if isinstance(line, Visited)]
    ended = {msgspec.json.encode(each.visit) for each in visited}
    lost = [each for each in lines if isinstance(each, Begun) and msgspec.json.encode(each.visit) not in ended]
    return Kept(
        plan=lines[0].plan,
        started_utc=lines[0].started_utc,
        visited=tuple(visited),
        lost_usd=sum(each.at_most_usd for each in lost),
    )


def load(path: Path) -> Sweep:
    """A sweep as it stands, from its own file or from what `infertop sweep --json` printed; raises SweepFileError."""
    try:
        with path.open("rb") as file:
            first = file.readline(200)
    except OSError as error:
        raise SweepFileError(f"{printable(str(path), 300)}: {error.strerror or error}") from None
    if _SCHEMA.encode() not in first:
        return _document(path)
    kept = read(path)
    made = Sweeper(kept.plan, visited=kept.visited, lost_usd=kept.lost_usd, started_utc=kept.started_utc)
    sweep = made.document(over=True)
    if all(curve.done for curve in sweep.curves):
        return sweep
    return msgspec.structs.replace(sweep, state="stopped", why="not finished")


def _document(path: Path) -> Sweep:
    shown = printable(str(path), 300)
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Sweep)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SweepFileError(f"{shown}: is not a sweep: {printable(str(error), 200)}") from None
    if found.schema != SCHEMA:
        raise SweepFileError(f"{shown}: says {printable(found.schema, 60)!r}; this infertop reads {SCHEMA!r}")
    return found


def sweeps(folder: Path) -> Sequence[Path]:
    """Files of sweeps in `folder`, newest first."""
    return sorted(folder.glob(f"*{SUFFIX}"), reverse=True)


def find(folder: Path, typed: str) -> Path:
    """The file that a person means: a path, "last", or the beginning of a name or of an id.

    Raises:
        SweepFileError: nothing is called so, or several are.
    """
    if os.sep in typed or typed.endswith((SUFFIX, ".json")):
        return Path(typed).expanduser()
    files = sweeps(folder)
    if typed == "last" and files:
        return files[0]
    ids = {path: _id(path) for path in files}
    found = [path for path in files if typed and (path.name.startswith(typed) or ids[path].startswith(typed))]
    if len(found) == 1:
        return found[0]
    known = ", ".join(ids[path] for path in (found or files)[:5]) or "none yet"
    raise SweepFileError(f"no one sweep is called {printable(typed, 60)!r}; there are {known}, in {folder}")


def _id(path: Path) -> str:
    return path.name.removesuffix(SUFFIX).rpartition("_")[2]


def _whole(data: bytes) -> int:
    """Bytes up to the end of the last whole line."""
    return data.rfind(b"\n") + 1


def _sync_folder(folder: Path) -> None:
    """See to it that the name is on disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
