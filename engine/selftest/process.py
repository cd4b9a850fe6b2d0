"""A self-test as whoever asks for it sees it: a process of its own, so that nothing drawn here disturbs it."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from ...backends.printable import printable
from .report import Finding, Load

_END_TIMEOUT_S: Final = 5.0


class SelfTestError(Exception):
    """The self-test's process could not do its work; the text says why, in one safe line."""


async def self_test(loads: Sequence[Load]) -> AsyncGenerator[Finding, None]:
    """What each of `loads` shows, as `ladder.climb` yields it. Closing the iterator ends the process.

    Raises:
        SelfTestError: the process died.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", __package__, msgspec.json.encode(loads).decode()),
        stdin=asyncio.subprocess.PIPE,  # it ends when this closes, however we end
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # Our own import path: the same package, and nothing that lies in the working directory.
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)},
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async for line in process.stdout:
            yield msgspec.json.decode(line, type=Finding)
        if await process.wait():
            said = (await process.stderr.read()).decode(errors="replace").strip().rpartition("\n")[2]
            raise SelfTestError(f"the self-test broke off: {printable(said, 300) or process.returncode}")
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _END_TIMEOUT_S)
        except TimeoutError:
            process.kill()
            await process.wait()
