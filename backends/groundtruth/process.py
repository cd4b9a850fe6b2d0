"""Starting and ending the ground-truth server's own process, and taking its log.

The parent opens the listening socket and hands it down, so a client may connect at once. The child ends when its
standard input closes: with `GroundTruth.close()`, or with its parent, however that died.
"""

import http.client
import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from .log import Log, decode
from .wire import Pace

_CLOSE_TIMEOUT_S: Final = 2.0
_LOG_TIMEOUT_S: Final = 10.0
_BACKLOG: Final = 4096


class GroundTruth:
    """A running server; a context manager that closes it."""

    def __init__(self, child: "subprocess.Popen[bytes]", port: int) -> None:
        self._child = child
        self._port = port

    @property
    def pid(self) -> int:
        """Process id."""
        return self._child.pid

    @property
    def url(self) -> str:
        """Base URL, up to and including `/v1`."""
        return f"http://127.0.0.1:{self._port}/v1"

    def take_log(self) -> Log:
        """What ended since the last time; blocks until it is here.

        Raises:
            OSError, http.client.HTTPException: the server is gone.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_LOG_TIMEOUT_S)
        try:
            connection.request("GET", "/log")
            return decode(connection.getresponse().read())
        finally:
            connection.close()

    def close(self) -> None:
        """End the process and wait until it is gone; may be called twice."""
        if self._child.stdin is not None:
            with suppress(BrokenPipeError):
                self._child.stdin.close()
        try:
            self._child.wait(_CLOSE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start_ground_truth(pace: Pace | None = None) -> GroundTruth:
    """Start a server on a free port of 127.0.0.1 and return at once; requests wait until it is up, about 0.1 s.

    Args:
        pace: of answers whose request does not say its own.

    Raises:
        OSError: the process or its socket cannot be had.
    """
    pace = pace or Pace()
    with socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG) as listener:
        command = [
            *(sys.executable, "-P", "-m", __package__, "--stop-with-stdin", f"--listener={listener.fileno()}"),
            *(f"--ttft-ms={pace.ttft_ms}", f"--gap-ms={pace.gap_ms}", f"--tokens={pace.tokens}"),
        ]
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(listener.fileno(),),
            # The parent's own import path: the same package, and nothing that lies in the working directory.
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)},
            start_new_session=True,
        )
        return GroundTruth(child, listener.getsockname()[1])
