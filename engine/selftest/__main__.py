"""`python -m infertop.engine.selftest LOADS`: try each load, print one `Finding` a line, both as JSON.

Started by `process.self_test`; ends when its standard input closes.
"""

import asyncio
import gc
import os
import sys

import msgspec

from ...backends import event_loop
from ...backends.groundtruth import start_ground_truth
from .ladder import climb
from .report import Load


async def _serve(loads: list[Load]) -> None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _end_with_parent, task)
    with start_ground_truth() as server:
        gc.collect()
        gc.freeze()  # as in an engine's worker: later collections stay short
        async for finding in climb(loads, server):
            sys.stdout.buffer.write(msgspec.json.encode(finding) + b"\n")
            sys.stdout.buffer.flush()


def _end_with_parent(task: "asyncio.Task[None]") -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        task.cancel()


def main() -> int:
    """Run the command; returns the exit status."""
    try:
        event_loop.run(_serve(msgspec.json.decode(sys.argv[1], type=list[Load])))
    except asyncio.CancelledError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
