"""One view: a console process of its own, whose terminal is in somebody's browser.

Textual's web driver speaks in packets over the process's standard streams: a letter (`D` what a terminal reads or
types, `M` JSON about the terminal), four bytes of length, the payload.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from ...backends.printable import printable

_READY: Final = b"__GANGLION__\n"
_DRIVER: Final = "textual.drivers.web_driver:WebDriver"
_MOST_PACKET: Final = 16 << 20
_MOST_LINES: Final = 200
_END_S: Final = 10.0
_PLAIN_SCREEN: Final = b"\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?2004l\x1b[?1049l\x1b[?25h"
"""No mouse reports, the ordinary screen, a cursor."""

MOST_CELLS: Final = 1000
"""Columns or rows of the largest terminal."""


class View:
    """A console process and the way to its terminal.

    Args:
        words: of the command line after `infertop`.
        show: sends bytes to the terminal.
    """

    def __init__(self, words: Sequence[str], show: Callable[[bytes], Awaitable[None]]) -> None:
        self._words = list(words)
        self._show = show
        self._process: asyncio.subprocess.Process | None = None

    async def run(self, width: int, height: int) -> None:
        """Start the process and show what it draws, then what it says at the end; returns when it has ended."""
        theirs, ours = os.pipe()  # the process ends when ours is closed, be it that this process is killed
        try:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "infertop.tui.web.console",
                str(theirs),
                *self._words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment(os.environ, width, height),
                limit=_MOST_PACKET,
                pass_fds=(theirs,),
                start_new_session=True,
            )
            await self._watch(process)
        finally:
            os.close(theirs)
            os.close(ours)

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Show what `process` draws, then what it says at the end; return when it has ended."""
        assert process.stdout is not None
        assert process.stderr is not None
        complaints = asyncio.create_task(process.stderr.read())
        said = await self._shown(process.stdout)
        said += (await complaints).decode(errors="replace")
        lines = [printable(line, 500) for line in said.splitlines()[-_MOST_LINES:]]
        await self._show(_PLAIN_SCREEN + "\r\n".join(lines).encode())
        await process.wait()

    async def _shown(self, stdout: asyncio.StreamReader) -> str:
        """Show what is drawn; returns what the process says before and after."""
        said = b""
        with suppress(asyncio.IncompleteReadError):
            while (line := await stdout.readline()) not in {_READY, b""}:
                said += line
            while line:
                head = await stdout.readexactly(5)
                size = int.from_bytes(head[1:], "big")
                if head[:1] not in b"DMP" or size > _MOST_PACKET:
                    said += head
                    break
                payload = await stdout.readexactly(size)
                if head[:1] == b"D":
                    await self._show(payload)
                elif head[:1] == b"M" and json.loads(payload).get("type") == "exit":
                    break
        said += await stdout.read()
        return said.decode(errors="replace")

    def type(self, text: str) -> None:
        """What was typed, or done with the mouse."""
        self._send(b"D", text.encode(errors="replace"))

    def resize(self, width: int, height: int) -> None:
        """The terminal has another size."""
        self._tell({"type": "resize", "width": width, "height": height})

    def focus(self, *, on: bool) -> None:
        """The terminal is looked at, or no longer."""
        self._tell({"type": "focus" if on else "blur"})

    async def close(self) -> None:
        """End the process as quitting would; if it does not, for good."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        self._tell({"type": "quit"})
        try:
            await asyncio.wait_for(process.wait(), _END_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    def _tell(self, message: Mapping[str, object]) -> None:
        self._send(b"M", json.dumps(message).encode())

    def _send(self, kind: bytes, payload: bytes) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        assert self._process.stdin is not None
        with suppress(ConnectionError, RuntimeError):
            self._process.stdin.write(kind + len(payload).to_bytes(4, "big") + payload)


def environment(outer: Mapping[str, str], width: int, height: int) -> dict[str, str]:
    """The environment of a view on a terminal of `width` x `height` cells; keys of providers go on in it."""
    return {
        **outer,
        "TEXTUAL_DRIVER": _DRIVER,
        "TEXTUAL_COLOR_SYSTEM": "truecolor",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "COLUMNS": str(width),
        "ROWS": str(height),
        "PYTHONUTF8": "1",
    }
