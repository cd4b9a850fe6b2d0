"""Making a decision in a process of its own, so that a screen stays alive while it is worked out.

The request goes in as JSON on standard input; lines of JSON come out: words while it goes on, then the decision, or
why there is none. Killing the process is how it is stopped.
"""

import asyncio
import sys
from contextlib import suppress
from typing import Final

import msgspec

from ...backends.printable import printable
from .decision import Decision
from .making import MakingError, Request, Tell, make

_MOST_BYTES: Final = 64 * 2**20


class _Told(msgspec.Struct, tag="told"):
    words: str


class _Failed(msgspec.Struct, tag="failed"):
    why: str


class _Made(msgspec.Struct, tag="made"):
    decision: Decision


_Line = _Told | _Failed | _Made


async def make_apart(request: Request, tell: Tell) -> Decision:
    """As `making.make`, elsewhere; cancelled, it ends that process. Raises MakingError."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        limit=_MOST_BYTES, start_new_session=True,
    )  # fmt: skip
    assert child.stdin
    assert child.stdout
    try:
        child.stdin.write(msgspec.json.encode(request))
        child.stdin.close()
        async for line in child.stdout:
            match msgspec.json.decode(line, type=_Line):
                case _Told(words):
                    tell(words)
                case _Failed(why):
                    raise MakingError(why)
                case _Made(decision):
                    return decision
        raise MakingError(f"working it out ended unexpectedly (exit status {await child.wait()})")
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()


def main() -> None:
    """The process."""
    try:
        request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
        _say(_Made(make(request, lambda words: _say(_Told(words)))))
    except MakingError as error:
        _say(_Failed(str(error)))
    except Exception as error:  # noqa: BLE001 - whatever it is, the screen says it in words
        _say(_Failed(f"internal error: {type(error).__name__}: {printable(str(error), 200)}"))


def _say(line: _Line) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
