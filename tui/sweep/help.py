"""Help of the sweep screen, made from its bindings."""

from itertools import groupby
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ..widgets.steady_size import SteadySize
from .keys import KEYS

_WORDS = (
    ("knee", "the least load that gives 95 % of the most tok/s seen; more load mostly adds waiting"),
    ("best", "the most tok/s among the levels that hold every target"),
    ("between", "the highest level known to hold the targets, the lowest known to miss them"),
    ("interval", "of the tok/s: what the data do not speak against"),
    ("holds", "decided by the answers, as is misses; holds? and misses? are the best guess where they do not decide"),
    ("efficient", "no point of any backend is better for a user, for a chip and for the money"),
    ("?", "beside a grey figure or a point: too few answers for that percentile"),
    ("×", "a point whose visit was ended early"),
    ("/user", "tokens a second that one answer gets, by the median"),
    ("SIM", "simulated; LIVE is a real endpoint"),
)


class SweepHelpScreen(SteadySize, ModalScreen[None]):
    """Keys and words; any of its own keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,f1,enter,space", "dismiss", "close it", key_display="esc")
    ]

    CSS = """
    SweepHelpScreen { align: center middle; background: $background 70%; }
    SweepHelpScreen VerticalScroll { width: 90; max-width: 100%; height: auto; max-height: 100%;
        border: round $foreground 40%; padding: 0 2; background: $background; }
    SweepHelpScreen Static { height: auto; }
    """

    def compose(self) -> ComposeResult:
        """One scrolling page."""
        with VerticalScroll() as page:
            page.border_title = "infertop sweep · keys"
            page.border_subtitle = "esc closes"
            yield Static(Content.assemble(*_lines()))


def _lines() -> list[tuple[str, str] | str]:
    made: list[tuple[str, str] | str] = []
    for group, bindings in groupby(KEYS, key=lambda binding: binding.group):
        made.append((f"{group.description if group else ''}\n", "dim"))
        for binding in bindings:
            if binding.show:
                made += [(f"{binding.key_display or binding.key:>11}  ", "bold"), f"{binding.description}\n"]
        made.append("\n")
    made.append(("words and signs\n", "dim"))
    for word, meaning in _WORDS:
        made += [(f"{word:>11}  ", "bold"), f"{meaning}\n"]
    return made
