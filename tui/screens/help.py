"""Help, made from the bindings."""

from itertools import groupby
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ..keys import Keys
from ..metrics import CYCLE

_WORDS = (
    *((metric.title, metric.meaning) for metric in CYCLE),
    ("tok/s", "output tokens of the last five seconds"),
    ("?", "before a grey figure: too few samples for that percentile"),
    ("≈", "token counts are estimated, not the server's"),
    ("SIM", "simulated; LIVE is a real endpoint"),
    ("$/M", "what a million output tokens cost at this load"),
    ("!", "something is wrong there"),
)


class HelpScreen(ModalScreen[None]):
    """Keys and words; any of its own keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,f1,enter,space", "dismiss", "close", id="help-close")
    ]

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
            page.border_subtitle = "esc closes"
            yield Static(Content.assemble(*_lines(self._keys)))


def _lines(keys: Keys) -> list[Content | tuple[str, str] | str]:
    made: list[Content | tuple[str, str] | str] = []
    for title, bindings in groupby(keys.bindings, key=_group):
        made.append((f"{title}\n", "dim"))
        for binding in bindings:
            made += [(f"{binding.key_display or binding.key:>11}  ", "bold"), f"{binding.description}\n"]
        made.append("\n")
    made.append(("words and signs\n", "dim"))
    for word, meaning in _WORDS:
        made += [(f"{word:>11}  ", "bold"), f"{meaning}\n"]
    return made


def _group(binding: Binding) -> str:
    """What the help calls the keys around this one; those of a replay or a walkthrough are of no group."""
    return binding.group.description if binding.group else "here"
