"""A question before something that costs: one line of what is at stake, and a key for each way out."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

Choice = tuple[str, str, str]
"""(keys joined by commas, what it does in words, the answer)."""


class QuestionScreen(ModalScreen[str]):
    """Asks, and returns the answer that a key stands for; esc is "".

    Args:
        title: what it is about.
        words: safe text, what is at stake.
        choices: ways out.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,n", "answer('')", "stay", show=False)]

    CSS = """
    QuestionScreen { align: center middle; background: $background 70%; }
    QuestionScreen Vertical { width: 64; max-width: 100%; height: auto; border: round $warning; padding: 1 2;
        background: $background; }
    QuestionScreen Static { height: auto; }
    """

    def __init__(self, title: str, words: str, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._title = title
        self._words = words
        self._choices = choices
        for keys, _, answer in choices:
            self._bindings.bind(keys, f"answer('{answer}')", show=False)

    def compose(self) -> ComposeResult:
        """The question and its answers."""
        with Vertical() as box:
            box.border_title = self._title
            lines: list[Content | tuple[str, str] | str] = [f"{self._words}\n"]
            for keys, words, _ in (*self._choices, ("esc", "stay", "")):
                lines += ["\n", (f"{keys.split(',')[0]:>5}  ", "bold"), words]
            yield Static(Content.assemble(*lines))

    def action_answer(self, answer: str) -> None:
        """Give it."""
        self.dismiss(answer)
