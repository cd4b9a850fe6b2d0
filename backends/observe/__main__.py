"""`python -m infertop.backends.observe`: watch the targets given on standard input until that closes.

Reads one JSON line, a list of `plan.Target`; writes JSON lines, each a `readings.Message`, the first of them Ready.
"""

import asyncio
import os
import sys
from contextlib import suppress
from typing import Final

import msgspec

from .. import event_loop
from .plan import Target
from .readings import Message, Ready
from .watch import watch

_NICENESS: Final = 10
"""Whoever measures goes first."""

_encoder = msgspec.json.Encoder()


def _say(message: Message) -> None:
    try:
        os.write(sys.stdout.fileno(), _encoder.encode(message) + b"\n")
    except BrokenPipeError:
        os._exit(0)  # nobody reads this any more


async def _observe(targets: list[Target]) -> None:
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), _end_with_parent)
    _say(Ready())
    async with asyncio.TaskGroup() as tasks:
        for target in targets:
            tasks.create_task(watch(target, _say))
    await loop.create_future()  # nothing more to watch; the parent ends this


def _end_with_parent() -> None:
    """End at once: nothing here is worth saving, and a driver's thread may hang."""
    if not os.read(sys.stdin.fileno(), 4096):
        os._exit(0)


def main() -> int:
    """Run the command; returns the exit status."""
    with suppress(OSError):
        os.nice(_NICENESS)
    line = sys.stdin.buffer.raw.readline()  # type: ignore[union-attr]  # unbuffered: the loop waits for its end
    if not line:
        return 0
    event_loop.run(_observe(msgspec.json.decode(line, type=list[Target])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
