"""A form over a profile: tab goes on; it is saved as a new one of the user's."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Final

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.filter import LineFilter
from textual.widgets import Checkbox, Input, Label, Static

from ...backends.printable import printable
from ...profiles.library import save
from ...profiles.problems import ProfileError
from ...profiles.schema import Profile
from ..draw.glyphs import choose_tier
from ..elsewhere import ELSEWHERE
from ..keys import DEFAULT, Keys
from ..profileform import FORM, filled_in, values_of
from ..theme import PALETTES, palette_named
from ..widgets.letters import letters
from ..widgets.steady_size import SteadyScreen
from ..widgets.textual_theme import textual_theme

_NAME: Final = "name"


class FormApp(App[Path]):
    """Returns the file saved, None for none.

    Args:
        profile: what to begin with.
        name: of it.
        folder: where it is.
        theme: a palette's name.
        keys: in force.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *ELSEWHERE["form"],
        Binding("ctrl+c", "leave", "leave", priority=True),
    ]
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { background: $background; }
    .heading { color: $foreground 60%; text-style: bold; padding: 1 1 0 1; }
    .line { height: 1; }
    .line Label { width: 15; padding: 0 1; }
    .line Input, .line Input:focus { border: none; height: 1; padding: 0 1; width: 24; background: $foreground 8%; }
    .line Input:focus { background: $foreground 18%; }
    .line .hint { width: 1fr; color: $foreground 60%; padding: 0 2; text-overflow: ellipsis; text-wrap: nowrap; }
    Checkbox, Checkbox:focus { border: none; height: 1; padding: 0 1; background: $background; }
    #words { height: auto; max-height: 8; padding: 0 1; color: $warning; }
    #keys { height: 1; padding: 0 1; color: $foreground 60%; }
    """

    def __init__(self, profile: Profile, name: str, folder: Path, theme: str = "", keys: Keys = DEFAULT) -> None:
        no_colour = bool(os.environ.get("NO_COLOR"))
        super().__init__(ansi_color=True if no_colour else None)
        self._keys = keys
        self.set_keymap(keys.keymap)
        self._profile = profile
        self._origin = name
        self._folder = folder
        self._palette = None if no_colour else palette_named(theme)
        self._before = ""
        self._letters = letters(choose_tier(encoding=sys.stdout.encoding or "ascii"))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and ASCII where there is no more."""
        return [*super().get_line_filters(), *self._letters]

    def get_default_screen(self) -> SteadyScreen:
        """Its one screen."""
        return SteadyScreen()

    def compose(self) -> ComposeResult:
        """Every line, then the backends."""
        values = values_of(self._profile)
        with VerticalScroll(can_focus=False):
            yield Static(f"a new profile, from {printable(self._origin, 60)}", classes="heading", markup=False)
            yield from _line(_NAME, "save as", f"{self._origin}-2", "letters, digits, dots, dashes")
            for heading, lines in FORM.items():
                yield Static(heading, classes="heading", markup=False)
                for line in lines:
                    yield from _line(line.key, line.title, values[line.key], line.hint)
            yield Static("backends", classes="heading", markup=False)
            for backend in self._profile.backends:
                where = backend.url or f"sim:{backend.sim}"
                yield Checkbox(Content(f"{printable(backend.name, 60)}  {printable(where, 80)}"), value=True)
        yield Static("", id="words", markup=False)
        yield Static(self._hints(), id="keys", markup=False)

    def _hints(self) -> str:
        line = self._keys.named("form-next", "form-previous")
        save, leave = self._keys.named("form-save"), self._keys.named("form-leave")
        return f"{line} another line   space backend on/off   {save} save as a new one   {leave} leave"

    def on_mount(self) -> None:
        """In the user's colours."""
        for palette in PALETTES:
            self.register_theme(textual_theme(palette))
        self.theme = self._palette.name if self._palette else "ansi-dark"
        self._before = self._state()

    def _state(self) -> str:
        return repr((self._values(), self._kept()))

    def _values(self) -> dict[str, str]:
        return {str(each.name): each.value for each in self.query(Input)}

    def _kept(self) -> set[str]:
        boxes = zip(self._profile.backends, self.query(Checkbox), strict=True)
        return {backend.name for backend, box in boxes if box.value}

    def _say(self, words: str) -> None:
        self.query_one("#words", Static).update(Content(words))

    def action_save(self) -> None:
        """Save it, or say what is wrong."""
        values = self._values()
        try:
            made = filled_in(self._profile, values, self._kept(), self._folder)
            self.exit(save(made, values[_NAME].strip()))
        except ProfileError as error:
            self._say("\n".join(str(problem) for problem in error.problems))

    def action_leave(self) -> None:
        """Leave; asked again where something would be lost."""
        state = self._state()
        if state == self._before:
            self.exit(None)
        self._before = state
        save, leave = self._keys.named("form-save"), self._keys.named("form-leave")
        self._say(f"not saved: {leave} again leaves all the same, {save} saves")


def _line(key: str, title: str, value: str, hint: str) -> Iterator[Horizontal]:
    yield Horizontal(
        Label(title, markup=False),
        Input(value, name=key, compact=True, select_on_focus=False),
        Label(hint, classes="hint", markup=False),
        classes="line",
    )
