"""Help, made from the bindings."""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ..elsewhere import ELSEWHERE, Elsewhere
from ..keys import Keys, shown
from ..metrics import CYCLE
from ..widgets.steady_size import SteadySize

_WORDS = (
    *((metric.title, metric.meaning) for metric in CYCLE),
    ("tok/s", "output tokens of the last five seconds"),
    ("?", "before a grey figure: too few samples for that percentile"),
    ("≈", "token counts are estimated, not the server's"),
    ("SIM", "simulated; LIVE is a real endpoint"),
    ("$/M", "what a million output tokens cost at this load"),
    ("!", "something is wrong there"),
)


_WIDTH: Final = 80
_AROUND: Final = 8
"""Columns that border, padding and the scroll bar take."""

_TERM: Final = 11

_OVER: Final[dict[Elsewhere, str]] = {"filter": "while a filter is typed", "question": "asked before leaving"}
"""Screens over the console; those that come before it say their keys themselves."""


class HelpScreen(SteadySize, ModalScreen[None]):
    """Keys and words; any of its own keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = list(ELSEWHERE["help"])

    CSS = """
    HelpScreen { align: center middle; background: $background 70%; }
    HelpScreen VerticalScroll { width: 80; max-width: 100%; height: auto; max-height: 100%;
        border: round $foreground 40%; padding: 0 2; background: $background; }
    HelpScreen Static { height: auto; }
    """

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        """One scrolling page."""
        with VerticalScroll() as page:
            page.border_title = "infertop · keys"
            page.border_subtitle = f"↓ pgdn further   {self._keys.named('help-close')} closes"
            yield Static(self._text())

    def _text(self) -> Content:
        return Content.assemble(*_lines(self._keys, min(self.app.size.width, _WIDTH) - _AROUND))

    def on_resize(self) -> None:
        """Break the lines for the new width."""
        self.call_after_refresh(lambda: self.query_one(Static).update(self._text()))


def _lines(keys: Keys, width: int) -> Iterator[tuple[str, str] | str]:
    for title, bindings in groupby(keys.bindings, key=_group):
        entries = [(binding.key_display or binding.key, binding.description) for binding in bindings]
        yield from _section(title, entries, width)
    for screen, title in _OVER.items():
        entries = [(shown(binding), binding.description) for binding in keys.elsewhere[screen]]
        yield from _section(title, entries, width)
    yield from _section("words and signs", _WORDS, width)


def _section(title: str, entries: Sequence[tuple[str, str]], width: int) -> Iterator[tuple[str, str] | str]:
    """A heading, and under it terms and what they mean, lines of that one under the other."""
    yield f"{title}\n", "dim"
    for term, meaning in entries:
        first, *others = textwrap.wrap(meaning, max(width - _TERM - 2, 8))
        yield f"{term:>{_TERM}}  ", "bold"
        yield "\n".join([first, *(" " * (_TERM + 2) + other for other in others)]) + "\n"
    yield "\n"


def _group(binding: Binding) -> str:
    """What the help calls the keys around this one; those of a replay or a walkthrough are of no group."""
    return binding.group.description if binding.group else "here"
