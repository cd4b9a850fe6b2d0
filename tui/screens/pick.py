"""Choosing one of the recorded sessions: arrows point, letters narrow down."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.events import Key

from ...sessions.library import Listing
from ..draw.glyphs import Tier
from ..draw.rows import Row
from ..elsewhere import ELSEWHERE
from ..keys import DEFAULT, Keys
from ..panels.sessions import draw_sessions
from .sheet import SheetApp


class PickApp(SheetApp[Path]):
    """Returns the file chosen, None for none.

    Args:
        sessions: newest first.
        theme: a palette's name.
        tier: glyphs; chosen from the environment when None.
        keys: in force.
    """

    BINDINGS: ClassVar[list[BindingType]] = list(ELSEWHERE["sessions"])

    def __init__(
        self, sessions: Sequence[Listing], theme: str = "", tier: Tier | None = None, keys: Keys = DEFAULT
    ) -> None:
        hints = (
            (keys.named("session-take"), "replay"),
            (keys.named("session-next", "session-previous"), "another"),
            ("a-z", "narrow down"),
            (keys.named("session-back"), "leave"),
        )
        super().__init__(keys, hints, theme, tier)
        self._sessions = sessions
        self._sought = ""
        self._at = 0

    @property
    def _found(self) -> list[Listing]:
        words = self._sought.split()
        return [each for each in self._sessions if all(each.matches(word) for word in words)]

    def page(self, width: int, room: int) -> list[Row]:
        """The list, and more of the one pointed at."""
        return draw_sessions(self._found, self._at, self._sought, width, room)

    def on_key(self, event: Key) -> None:
        """Narrow down."""
        if event.character and event.is_printable:
            self._seek(self._sought + event.character)

    def _seek(self, text: str) -> None:
        self._sought, self._at = text, 0
        self.draw()

    def action_erase(self) -> None:
        """One letter less."""
        self._seek(self._sought[:-1])

    def action_point(self, by: int) -> None:
        """At another."""
        self._at = min(max(self._at + by, 0), max(len(self._found) - 1, 0))
        self.draw()

    def action_step_back(self) -> None:
        """To all of them, or away."""
        if self._sought:
            self._seek("")
        else:
            self.exit(None)

    def action_take(self) -> None:
        """This one; one that cannot be read is not taken."""
        found = self._found
        if found and found[self._at].facts is not None:
            self.exit(found[self._at].path)
