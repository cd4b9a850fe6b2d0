"""What a report is made of, whoever writes it down. All text is plain: each writer makes it safe for its format."""

from dataclasses import dataclass
from typing import Literal

from ..decision import Sensitivity

Tone = Literal["", "lead", "good", "warn"]


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph; a lead is what is read if nothing else is."""

    text: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Points:
    """A list, under a heading of its own where it has one."""

    lines: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head.

    Attributes:
        head: titles of the columns.
        rows: as many cells each.
        words: how many columns, from the left, hold words.
        tail: how many at the end do; those between hold figures, and stand to the right.
        title: above it, "" for none.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1
    tail: int = 0
    title: str = ""

    @property
    def telling(self) -> "Table":
        """Without the columns that say nothing in any row; the first stays."""
        said = [at for at in range(len(self.head)) if not at or any(row[at] not in {"", "–"} for row in self.rows)]
        return Table(
            tuple(self.head[at] for at in said),
            tuple(tuple(row[at] for at in said) for row in self.rows),
            sum(at < self.words for at in said),
            sum(at >= len(self.head) - self.tail for at in said),
            self.title,
        )

    def is_figure(self, column: int) -> bool:
        """Whether that column holds figures."""
        return self.words <= column < len(self.head) - self.tail


@dataclass(frozen=True, slots=True)
class Bar:
    """A whole divided: (whose, share of it, label)."""

    title: str
    parts: tuple[tuple[str, float, str], ...]


@dataclass(frozen=True, slots=True)
class Curves:
    """How the answer depends on one input, one line an option; its words stand beside it."""

    of: Sensitivity


Block = Words | Points | Table | Bar | Curves


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, a line that says what follows, and what follows."""

    title: str
    blocks: tuple[Block, ...]
    why: str = ""
