"""The judge's chair: verdicts take milliseconds, so they are made beside the drawing, never in its way."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from .board import Judgement
from .model import Case, Judge

EVERY_S: Final = 1.0
MOST_SHARE: Final = 0.05
"""Of the time: a slow judge sits less often."""


class Judging:
    """Puts the case at hand to the judge, in another thread, once a second or less often if it is slow.

    Args:
        judge: makes the verdicts.
        case: what is to be judged now.
        settle: takes the judgement.
    """

    def __init__(self, judge: Judge, case: Callable[[], Case], settle: Callable[[Judgement], None]) -> None:
        self._judge = judge
        self._case = case
        self._settle = settle
        self._hurry = asyncio.Event()

    def hurry(self) -> None:
        """Judge at once: another question was asked."""
        self._hurry.set()

    async def run(self) -> None:
        """Judge until cancelled; a case that has not changed is not judged again."""
        last: Case | None = None
        pause_s = EVERY_S
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), pause_s)
            self._hurry.clear()
            case = self._case()
            if case == last:
                continue
            last, start_s = case, time.monotonic()
            judgement = await asyncio.to_thread(case.judged, self._judge)
            pause_s = max(EVERY_S, (time.monotonic() - start_s) / MOST_SHARE)
            self._settle(judgement)
