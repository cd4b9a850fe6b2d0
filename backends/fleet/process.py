"""Starting and ending the fleet's own process.

The child lives in a session of its own, so a Ctrl-C in the terminal reaches only the parent, which ends the fleet
when it is ready to. The child ends when its standard input closes: with `Fleet.close()`, or with its parent,
however that died.
"""

import asyncio
import contextlib
import difflib
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

import msgspec

from .faults import Fault
from .stack import Stack
from .stacks import STACKS, StackError, find_stack

_START_TIMEOUT_S: Final = 15.0
_CLOSE_TIMEOUT_S: Final = 2.0


class FleetError(Exception):
    """The fleet did not start, or does not hold the stack asked for; the message is for a person."""


class Ready(msgspec.Struct):
    """The one line a fleet process prints: where it listens, or why it does not."""

    host: str = ""
    port: int = 0
    error: str = ""


class Fleet:
    """A running fleet process; a context manager that closes it."""

    def __init__(self, child: "subprocess.Popen[bytes]", ready: Ready, stack_ids: tuple[str, ...]) -> None:
        self._child = child
        self.host = ready.host
        self.port = ready.port
        self.stack_ids = stack_ids

    @property
    def pid(self) -> int:
        """Process id."""
        return self._child.pid

    def url(self, stack_id: str) -> str:
        """Base URL of a stack's OpenAI-compatible endpoint, up to and including `/v1`."""
        if stack_id not in self.stack_ids:
            near = difflib.get_close_matches(stack_id, self.stack_ids, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise FleetError(f"no simulated stack {stack_id!r}{hint} (there are: {', '.join(self.stack_ids)})")
        return f"http://{self.host}:{self.port}/{stack_id}/v1"

    def close(self) -> None:
        """End the process and wait until it is gone; may be called twice."""
        _end(self._child)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def stack_named(name: str) -> Stack:
    """The stack behind the path prefix `name`: `find_stack` of it, less a `~2` that tells two alike apart.

    Raises:
        StackError: there is none.
    """
    return find_stack(name.partition("~")[0])


Faults = Mapping[str, Sequence[Fault]]
"""What to inject, by path prefix."""


def start_fleet(stack_ids: Iterable[str], *, port: int = 0, seed: int = 1, faults: Faults | None = None) -> Fleet:
    """Start a fleet process serving `stack_ids` on 127.0.0.1 and return when it listens; about 0.5 s.

    Args:
        stack_ids: names of stacks (`stack_named`).
        port: 0 takes a free one.
        seed: of answer lengths and step scatter.
        faults: injected from the start.

    Raises:
        FleetError: a stack is unknown, the port is taken, or the process failed; says which.
    """
    ids = tuple(dict.fromkeys(stack_ids))
    if not ids:
        raise FleetError(f"no simulated stack was asked for (there are: {', '.join(STACKS)})")
    for stack_id in ids:
        try:
            stack_named(stack_id)
        except StackError as error:
            raise FleetError(str(error)) from None
    command = [sys.executable, "-P", "-m", __package__, "--stop-with-stdin", f"--port={port}", f"--seed={seed}"]
    command += [f"--faults={msgspec.json.encode(faults or {}).decode()}", *ids]
    # The parent's own import path, so that the child finds the same package, and nothing that happens to lie in
    # the working directory.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)}
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            start_new_session=True,
        )
        try:
            ready = _wait_ready(child, errors)
        except BaseException:
            _end(child)
            raise
    return Fleet(child, ready, ids)


async def start_fleet_async(
    stack_ids: Iterable[str], *, port: int = 0, seed: int = 1, faults: Faults | None = None
) -> Fleet:
    """`start_fleet` without blocking the event loop. A fleet nobody waits for any more ends by itself."""
    starting = asyncio.ensure_future(
        asyncio.to_thread(start_fleet, tuple(stack_ids), port=port, seed=seed, faults=faults)
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        starting.add_done_callback(_close_unwanted)
        raise


def _close_unwanted(starting: "asyncio.Future[Fleet]") -> None:
    if not starting.cancelled() and starting.exception() is None:
        starting.result().close()


def _wait_ready(child: "subprocess.Popen[bytes]", errors: IO[bytes]) -> Ready:
    assert child.stdout is not None
    line = _read_line(child.stdout, _START_TIMEOUT_S)
    if line.endswith(b"\n"):
        ready = msgspec.json.decode(line, type=Ready)
        if ready.error:
            raise FleetError(f"the simulated fleet did not start: {ready.error}")
        return ready
    try:
        child.wait(_CLOSE_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise FleetError(f"the simulated fleet did not start within {_START_TIMEOUT_S:g} s") from None
    errors.seek(0)
    last = errors.read().decode(errors="replace").strip().rpartition("\n")[2]
    raise FleetError(f"the simulated fleet did not start: {last or f'exit status {child.returncode}'}")


def _read_line(stream: IO[bytes], timeout_s: float) -> bytes:
    """One line, or what there was of it when the stream ended or the time was up."""
    deadline = time.monotonic() + timeout_s
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while not line.endswith(b"\n") and selector.select(max(0.0, deadline - time.monotonic())):
            more = os.read(stream.fileno(), 4096)
            if not more:
                break
            line += more
    return line


def _end(child: "subprocess.Popen[bytes]") -> None:
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    try:
        child.wait(_CLOSE_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
