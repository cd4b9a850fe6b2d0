"""What is wrong with a profile: where, what, and what would be right."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

from ..backends.printable import printable


class Problem(NamedTuple):
    """One thing that is wrong.

    Attributes:
        where: the key's path, as `backends[1].price`; "" is the profile itself.
        what: what was wrong and what would be right, safe to show.
    """

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


class ProfileError(Exception):
    """A profile that cannot be used.

    Attributes:
        origin: the file, or the name that was asked for.
        problems: everything that is wrong, at least one.
    """

    def __init__(self, origin: str, problems: Iterable[Problem]) -> None:
        self.origin = printable(origin)
        self.problems = tuple(problems)
        if len(self.problems) == 1:
            text = f"{self.origin}: {self.problems[0]}"
        else:
            lines = "".join(f"\n  {problem}" for problem in self.problems)
            text = f"{self.origin}: {len(self.problems)} problems{lines}"
        super().__init__(text)


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """`"; did you mean "price"?"` when a choice is near `word`, else ""."""
    near = get_close_matches(word.lower(), list(choices), n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""


def suggestion(word: str, choices: Iterable[str]) -> str:
    """The nearest choice, or all of them when none is near."""
    return did_you_mean(word, choices) or f"; there are {', '.join(choices)}"
