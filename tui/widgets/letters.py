"""ASCII for what Textual's own widgets draw: borders, scroll bars, words."""

from collections.abc import Sequence

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from ..draw.glyphs import Tier, to_ascii


class _PlainLetters(LineFilter):
    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """The same in ASCII, each character in as many cells as it took."""
        return [Segment(to_ascii(text), style) for text, style, _ in segments]


def letters(tier: Tier) -> Sequence[LineFilter]:
    """What an app adds to its line filters in a terminal of `tier`."""
    return [_PlainLetters()] if tier is Tier.ASCII else []
