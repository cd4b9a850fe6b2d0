"""How alike the backends' answers to the same prompts are: evidence that they serve the same model.

At temperature 0 the same weights mostly say the same; different weights, precisions or templates drift apart after
some words. Every SAMPLE_EVERY-th prompt's answer is compared by its first CHARACTERS characters. Sums merge by
addition.
"""

from collections.abc import Mapping
from itertools import combinations
from typing import Final

from .frame import Likeness

SAMPLE_EVERY: Final = 4
CHARACTERS: Final = 400
_MOST_WAITING = 256


def alike(a: str, b: str) -> float:
    """The share of words on which two answers agree before they part: 1 if equal, 0 if they differ from the start."""
    one, other = a.split(), b.split()
    most = max(len(one), len(other))
    if not most:
        return 1.0
    same = next((at for at, (x, y) in enumerate(zip(one, other, strict=False)) if x != y), min(len(one), len(other)))
    return same / most


class LikenessSums:
    """Answers of one run, compared pair by pair as they come in."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._waiting: dict[int, dict[str, str]] = {}
        self._sums: dict[tuple[str, str], tuple[int, float]] = {}

    def reset(self) -> None:
        """Forget what was compared so far: the window opens."""
        self._waiting.clear()
        self._sums.clear()

    @staticmethod
    def wanted(index: int) -> bool:
        """Whether the answer to prompt `index` should be kept for comparison."""
        return index % SAMPLE_EVERY == 0

    def add(self, index: int, name: str, answer: str) -> None:
        """The beginning of the answer of backend `name`; the oldest prompt gives way when too many wait."""
        answers = self._waiting.setdefault(index, {})
        answers[name] = answer[:CHARACTERS]
        if len(answers) == len(self._names):
            self._settle(index)
        elif len(self._waiting) > _MOST_WAITING:
            self._settle(next(iter(self._waiting)))

    def beginnings(self, index: int) -> Mapping[str, str]:
        """By backend, the beginnings of the answers to prompt `index` that wait for the others'."""
        return self._waiting.get(index, {})

    def _settle(self, index: int) -> None:
        answers = self._waiting.pop(index)
        present = [name for name in self._names if name in answers]
        for a, b in combinations(present, 2):
            n, total = self._sums.get((a, b), (0, 0.0))
            self._sums[a, b] = (n + 1, total + alike(answers[a], answers[b]))

    def state(self) -> tuple[Likeness, ...]:
        """The sums so far."""
        return tuple(Likeness(a=a, b=b, n=n, total=total) for (a, b), (n, total) in self._sums.items())
