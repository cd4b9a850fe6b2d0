"""Keeping a journal while a session runs: a page every 200 ms, written beside the loop; and what if it fails."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from ..engine.channel import FRAME, RECORDS
from .journal.facts import Facts
from .journal.page import EventKind, Page
from .journal.scribe import Scribe
from .journal.writer import JournalError, JournalWriter

EVERY_S: Final = 0.2
TRY_AGAIN_S: Final = 2.0


class Keeper:
    """Keeps the journal of one session.

    Args:
        file: where.
        facts: makes them; called in another thread.
        told: called when `problem` has changed.

    Attributes:
        problem: why something is not recorded, in capitals if nothing is; "" while all is well.
    """

    def __init__(self, file: Path, facts: Callable[[], Facts], told: Callable[[], None]) -> None:
        self.file = file
        self.problem = ""
        self._facts = facts
        self._told = told
        self._scribe = Scribe()
        self._late: Page | None = None
        self._try_at = 0.0
        self._cannot = False
        self._end = asyncio.Event()
        self._reason = ""

    def take(self, kind: bytes, body: bytes) -> bool:
        """Take in a message of the engine's; whether it is a frame that is kept."""
        if self._cannot:
            return False
        with suppress(msgspec.DecodeError):  # what cannot be read is missing in the count at the end
            if kind == FRAME:
                return self._scribe.take_frame(body)
            if kind == RECORDS:
                self._scribe.take_records(body)
        return False

    def note(self, kind: EventKind, text: str) -> None:
        """Something happened that no frame tells of."""
        self._scribe.note(kind, text)

    def end(self, reason: str) -> None:
        """The session is over, for this reason; `run` returns once the journal is closed."""
        self._reason = reason
        self._end.set()

    async def run(self) -> None:
        """Write until `end`."""
        try:
            journal = await asyncio.to_thread(lambda: JournalWriter(self.file, self._facts()))
        except JournalError as error:
            self._cannot = True
            self._say(f"NOT RECORDING: {error}")
            return
        while not self._end.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._end.wait(), EVERY_S)
            if time.monotonic() >= self._try_at:
                await self._write(journal)
        await self._close(journal)

    async def _write(self, journal: JournalWriter) -> None:
        page, self._scribe.page = self._scribe.page, Page()
        if self._late is not None:
            page = self._late.before(page)
        if not page:
            return
        try:
            await asyncio.to_thread(journal.write, page)
        except JournalError as error:
            self._late, self._try_at = page, time.monotonic() + TRY_AGAIN_S
            self._say(f"NOT RECORDING: {error}")
        else:
            self._late, self._try_at = None, 0.0
            given_up = self._scribe.head.settled - self._scribe.records
            self._say(f"{given_up:,} requests not recorded" if given_up > 0 else "")

    def _say(self, problem: str) -> None:
        if problem == self.problem:
            return
        if bool(problem) != bool(self.problem):
            self._scribe.note("recording", problem or "recording again")
        self.problem = problem
        self._told()

    async def _close(self, journal: JournalWriter) -> None:
        self._scribe.end()
        await self._write(journal)
        missing = self._scribe.head.settled - journal.requests
        if missing > 0:
            self._scribe.note("recording", f"{missing:,} requests that ended are not in this journal")
        self._scribe.note("end", self._reason)
        await self._write(journal)
        await asyncio.to_thread(journal.close, self._reason, self._scribe.head.labels)
