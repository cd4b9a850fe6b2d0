"""Help, made from the bindings."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ..keys import KEYS
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
    HelpScreen VerticalScroll { width: 74; max-width: 100%; height: auto; max-height: 100%;
        border: round $foreground 40%; padding: 0 2; background: $background; }
    HelpScreen Static { height: auto; }
    """

    def compose(self) -> ComposeResult:
        """One scrolling page."""
        with VerticalScroll() as page:
            page.border_title = "infertop · keys"
            page.border_subtitle = "esc closes"
            yield Static(Content.assemble(*_lines()))


def _lines() -> list[Content | tuple[str, str] | str]:
    made: list[Content | tuple[str, str] | str] = []
    for binding in KEYS:
        made += [(f"{binding.key_display or binding.key:>11}  ", "bold"), f"{binding.description}\n"]
    made.append("\n")
    for word, meaning in _WORDS:
        made += [(f"{word:>11}  ", "bold"), f"{meaning}\n"]
    return made
