"""Where sessions are kept: recordings in one folder, and beside them a socket for each that runs."""

import os
import re
import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from .journal.schema import SUFFIX

_LONGEST_SOCKET: Final = 100
"""Bytes the system takes as the path of a socket, with some to spare."""


def sessions_folder() -> Path:
    """The user's; it may not exist yet."""
    import platformdirs  # noqa: PLC0415 - the host of a session is told its folder

    return platformdirs.user_state_path("infertop") / "sessions"


def new_id() -> str:
    """Six hexadecimal digits."""
    return secrets.token_hex(3)


def file_name(started: datetime, title: str, session: str) -> str:
    """A name that sorts by time and can be read: 2026-11-23T18-05-12_fleet_ab12cd.itop."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-") or "session"
    return f"{started:%Y-%m-%dT%H-%M-%S}_{words}_{session}{SUFFIX}"


def session_of(file: Path) -> str:
    """The id in a name that `file_name` made."""
    return file.stem.rpartition("_")[2]


def sockets_folder(folder: Path) -> Path:
    """Holds a socket for each session that runs."""
    return folder / "running"


def socket_path(folder: Path, session: str) -> Path:
    """Where a screen can attach to the running session of that id."""
    return sockets_folder(folder) / f"{session}.sock"


@contextmanager
def short_path(path: Path) -> Iterator[str]:
    """`path` in few enough bytes for a socket, by way of a link if need be; raises OSError."""
    if len(os.fsencode(path)) <= _LONGEST_SOCKET:
        yield str(path)
        return
    with tempfile.TemporaryDirectory(prefix="infertop-") as near:
        link = Path(near) / "l"
        link.symlink_to(path.parent.absolute())
        yield str(link / path.name)


def is_running(folder: Path, session: str) -> bool:
    """Whether the session of that id has a host; what a killed one left behind is taken away."""
    path = socket_path(folder, session)
    if not path.exists():
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            with short_path(path) as near:
                probe.connect(near)
        except ConnectionRefusedError:
            with suppress(OSError):
                path.unlink()
            return False
        except OSError:
            return False
    return True


def running(folder: Path) -> list[str]:
    """Ids of the sessions that run."""
    found = sorted(path.stem for path in sockets_folder(folder).glob("*.sock"))
    return [session for session in found if is_running(folder, session)]
