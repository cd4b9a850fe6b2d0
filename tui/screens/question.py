"""A question before something that costs: one line of what is at stake, and a key for each way out."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ..keys import shown
from ..widgets.steady_size import SteadySize


class QuestionScreen(SteadySize, ModalScreen[str]):
    """Asks, and returns the answer that a key stands for.

    Args:
        title: what it is about.
        words: safe text, what is at stake.
        choices: ways out, with the action `answer`.
    """

    CSS = """
    QuestionScreen { align: center middle; background: $background 70%; }
    QuestionScreen Vertical { width: 64; max-width: 100%; height: auto; border: round $warning; padding: 1 2;
        background: $background; }
    QuestionScreen Static { height: auto; }
    """

    def __init__(self, title: str, words: str, choices: Sequence[Binding]) -> None:
        super().__init__()
        self._title = title
        self._words = words
        self._choices = choices
        for choice in choices:
            self._bindings.bind(choice.key, choice.action, show=False)

    def compose(self) -> ComposeResult:
        """The question and its answers."""
        with Vertical() as box:
            box.border_title = self._title
            lines: list[Content | tuple[str, str] | str] = [f"{self._words}\n"]
            for choice in self._choices:
                lines += ["\n", (f"{shown(choice):>5}  ", "bold"), choice.description]
            yield Static(Content.assemble(*lines))

    def action_answer(self, answer: str) -> None:
        """Give it."""
        self.dismiss(answer)
