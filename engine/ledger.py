"""Records of requests on their way out of a worker: gathered as requests end, sent with the frames, never waited for.

Whoever keeps them sees by the frames' counts whether any were given up on the way.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from .record import RequestRecord

TEXTS: Final = b"texts"
"""Body of a KEEP message that wants prompts and answers too."""

FIGURES: Final = b"figures"

MOST_GATHERED: Final = 20_000
"""Records that wait for the next flush; more are given up."""

LONGEST_TEXT: Final = 1 << 20
"""Characters of a prompt or an answer that are kept."""

_FULL: Final = 8 << 20
"""Characters of texts that are not kept waiting for the next flush."""


class Ledger:
    """One worker's.

    Args:
        worker: its number.
        texts: whether prompts and answers are to be kept.
        send: takes an encoded tuple of records.
    """

    def __init__(self, worker: int, send: Callable[[bytes], None], *, texts: bool = False) -> None:
        self.worker = worker
        self.texts = texts
        self._send = send
        self._gathered: list[RequestRecord] = []
        self._characters = 0

    def add(self, record: RequestRecord) -> None:
        """A request has ended."""
        if len(self._gathered) < MOST_GATHERED:
            self._gathered.append(record)
            self._characters += len(record.prompt or "") + len(record.answer or "")
            if self._characters > _FULL:
                self.flush()

    def flush(self) -> None:
        """Send what was gathered."""
        if self._gathered:
            self._send(msgspec.msgpack.encode(self._gathered))
            self._gathered.clear()
            self._characters = 0
