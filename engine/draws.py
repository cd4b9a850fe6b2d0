"""Random numbers as a pure function of a key: the same on every machine, whatever the order of asking.

The generator is a hash (SHAKE-128 of the key). Neither `random` nor numpy promises that its distributions give
the same stream in the next version; a hash does, needs no state to be carried from one index to the next, and
costs about a microsecond.
"""

import hashlib
import struct
from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Option = TypeVar("Option")

_STREAM_VERSION = "infertop/1"
_AT_ONCE = 16


class Draws:
    """Numbers drawn one after another from the stream that `key` names."""

    __slots__ = ("_key", "_ready", "_squeezed")

    def __init__(self, *key: int | str) -> None:
        self._key = "/".join(map(str, (_STREAM_VERSION, *key)))
        self._squeezed = 0
        self._ready: Iterator[int] = iter(())

    def _bytes(self, count: int) -> bytes:
        self._squeezed += 1
        return hashlib.shake_128(f"{self._key}/{self._squeezed}".encode()).digest(count)

    def words(self, count: int) -> tuple[int, ...]:
        """`count` integers of 32 bits."""
        return struct.unpack(f"<{count}I", self._bytes(4 * count))

    def word(self) -> int:
        """One integer of 32 bits."""
        for word in self._ready:
            return word
        self._ready = iter(self.words(_AT_ONCE))
        return next(self._ready)

    def uniform(self) -> float:
        """A number in the open interval (0, 1)."""
        return (self.word() + 0.5) / 2**32

    def pick(self, options: Sequence[Option]) -> Option:
        """One of `options`, each equally likely (to within len(options) / 2^32)."""
        return options[self.word() % len(options)]

    def uniforms(self, count: int) -> NDArray[np.float64]:
        """`count` numbers in the open interval (0, 1), of 53 bits."""
        return (np.frombuffer(self._bytes(8 * count), "<u8") >> np.uint64(11)).astype(np.float64) * 2**-53 + 2**-54

    def permutation(self, count: int) -> NDArray[np.int64]:
        """The numbers 0 … count - 1, shuffled."""
        return np.argsort(np.frombuffer(self._bytes(8 * count), "<u8"), kind="stable")
