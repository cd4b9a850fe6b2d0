"""What the server really did, and its compact binary form. All times are of the `time.perf_counter_ns` clock.

Little-endian: magic, taken at, CPU time, number of answers; then for each answer its head and its write times.
"""

import struct
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_MAGIC: Final = b"infertop-truth-1"
_LOG_HEAD: Final = struct.Struct("<16sqqq")
_ANSWER_HEAD: Final = struct.Struct("<qqqqqq")


class LogError(ValueError):
    """These bytes are no log of this version, or not a whole one."""


@dataclass(frozen=True, slots=True)
class Written:
    """One answer.

    Attributes:
        index: the number that the prompt consisted of, -1 for any other prompt.
        received_ns: when the request's last segment arrived; the kernel's stamp where there is one.
        ttft_ns, gap_ns: the pace asked for: token k was due at `received_ns + ttft_ns + k * gap_ns`; a gap of 0
            means as fast as possible.
        tokens: how many were asked for.
        at_ns: when each token was written, just before the write: as many as were written.
    """

    index: int
    received_ns: int
    ttft_ns: int
    gap_ns: int
    tokens: int
    at_ns: Sequence[int]

    def late_ns(self) -> list[int]:
        """How long after it was due each token was written; of no meaning without a gap."""
        first_ns, gap_ns = self.received_ns + self.ttft_ns, self.gap_ns
        return [at_ns - first_ns - number * gap_ns for number, at_ns in enumerate(self.at_ns)]


@dataclass(frozen=True, slots=True)
class Log:
    """Every answer that ended since the last log was taken, whole or broken off.

    Attributes:
        at_ns: when the log was taken.
        cpu_ns: CPU time of the server's process so far.
    """

    at_ns: int
    cpu_ns: int
    answers: tuple[Written, ...]


def encode(log: Log) -> bytes:
    """`log` as bytes."""
    pieces = [_LOG_HEAD.pack(_MAGIC, log.at_ns, log.cpu_ns, len(log.answers))]
    for answer in log.answers:
        head = answer.index, answer.received_ns, answer.ttft_ns, answer.gap_ns, answer.tokens, len(answer.at_ns)
        pieces += (_ANSWER_HEAD.pack(*head), _swapped(array("q", answer.at_ns)).tobytes())
    return b"".join(pieces)


def decode(data: bytes) -> Log:
    """The log in `data`; raises LogError."""
    try:
        magic, at_ns, cpu_ns, count = _LOG_HEAD.unpack_from(data)
        if magic != _MAGIC:
            raise LogError("not a log of the ground-truth server")
        answers = []
        place = _LOG_HEAD.size
        for _ in range(count):
            index, received_ns, ttft_ns, gap_ns, tokens, written = _ANSWER_HEAD.unpack_from(data, place)
            start = place + _ANSWER_HEAD.size
            place = start + 8 * written
            if len(data) < place:
                raise LogError("the log is cut short")
            times = array("q")
            times.frombytes(data[start:place])
            answers.append(Written(index, received_ns, ttft_ns, gap_ns, tokens, _swapped(times)))
    except struct.error as error:
        raise LogError("the log is cut short") from error
    return Log(at_ns, cpu_ns, tuple(answers))


def _swapped(times: "array[int]") -> "array[int]":
    """To or from little-endian."""
    if sys.byteorder == "big":
        times.byteswap()
    return times
