"""One line at the foot of the screen to type in, which tells of every letter."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from ..elsewhere import ELSEWHERE
from ..widgets.steady_size import SteadySize


class SeekScreen(SteadySize, ModalScreen[None]):
    """Asks for a text, which is kept or given up for what stood there before.

    Args:
        label: what is asked for.
        before: what stands there.
        told: hears of every change.
    """

    BINDINGS: ClassVar[list[BindingType]] = list(ELSEWHERE["filter"])

    CSS = """
    SeekScreen { align: left bottom; background: transparent; }
    SeekScreen Horizontal { height: 1; width: 100%; background: $background; }
    SeekScreen Label { padding: 0 1; text-style: bold; }
    SeekScreen Input, SeekScreen Input:focus { border: none; height: 1; padding: 0; width: 1fr;
        background: $background; }
    """

    def __init__(self, label: str, before: str, told: Callable[[str], None]) -> None:
        super().__init__()
        self._label = label
        self._before = before
        self._told = told

    def compose(self) -> ComposeResult:
        """The line."""
        with Horizontal():
            yield Label(self._label, markup=False)
            yield Input(self._before, select_on_focus=False, compact=True)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell."""
        self._told(event.value)

    def action_keep(self) -> None:
        """Keep it."""
        self.dismiss()

    def action_leave(self) -> None:
        """As before."""
        self._told(self._before)
        self.dismiss()
