"""The console over a recording: the same pictures, at a pace of one's own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Final

from textual.binding import Binding
from textual.events import Key

from ..backends.printable import printable
from ..engine.commands import Command
from ..engine.frame import Frame
from ..sessions.journal.reader import Recording, RecordingError
from .app import InfertopApp
from .draw.units import clock
from .keys import KEYS, Keys
from .replay_reel import Reel
from .view import Page

SPEEDS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)

_TICK_S: Final = 0.1
_NOT_HERE: Final = frozenset(
    {
        "freeze",
        "load-up",
        "load-down",
        "arrivals",
        "workload",
        "what-if",
        "hold",
        "save",
        "detach",
        "focus-left",
        "focus-right",
    }
)
"""What there is nobody to ask for."""

_CHANGES: Final = frozenset({"arrivals", "workload", "what-if", "hold"})
"""Those of them whose keys a person may try, to be told why nothing happens."""

_KEYS: Final = (
    Binding("space,p", "app.pause", "pause, or go on", id="pause", key_display="space p"),
    Binding("right", "app.skip(10)", "10 s on", id="seek-on", key_display="→"),
    Binding("left", "app.skip(-10)", "10 s back", id="seek-back", key_display="←"),
    Binding("full_stop", "app.step(1)", "one frame on", id="step-on", key_display="."),
    Binding("comma", "app.step(-1)", "one frame back", id="step-back", key_display=","),
    Binding("n", "app.chapter(1)", "to the next marker", id="chapter-next"),
    Binding("N", "app.chapter(-1)", "to the marker before", id="chapter-previous"),
    Binding("home", "app.go_to(0)", "to the start", id="start"),
    Binding("end", "app.go_to(1)", "to the end", id="end"),
    Binding("plus,equals_sign", "app.speed(1)", "faster", id="faster", key_display="+ ="),
    Binding("minus", "app.speed(-1)", "slower", id="slower", key_display="-"),
    Binding("l", "app.focus_card(1, 0)", "focus the card to the right", id="focus-right"),
    Binding("h", "app.focus_card(-1, 0)", "focus the card to the left", id="focus-left"),
)


class ReplayKeys(Keys):
    """The keys of a replay: those of the console, less what steers a run, and those of a player."""

    def hints(self, page: Page) -> tuple[tuple[str, str], ...]:
        """(key, word) for the footer of `page`, the most useful first."""
        if page != "board":
            return super().hints(page)
        return (
            ("q", "quit"),
            ("space", "pause"),
            ("←/→", "10 s"),
            ("+/-", "speed"),
            ("n/N", "marker"),
            ("./,", "step"),
            ("home/end", "ends"),
            ("tab", "metric"),
            ("?", "help"),
        )


def replay_keys(keys: Keys) -> ReplayKeys:
    """The keys of a replay for somebody who uses `keys`."""
    taken = {key for binding in _KEYS for key in binding.key.split(",")}
    kept = (binding for binding in keys.bindings if binding.id not in _NOT_HERE)
    own = (*_KEYS, *(binding for binding in kept if not taken & set(binding.key.split(","))))
    return ReplayKeys(own, keys.elsewhere)


class _NoEngine:
    """The link of a screen whose frames come from elsewhere: it asks nobody anything."""

    async def frames(self) -> AsyncIterator[Frame]:
        """None."""
        none: tuple[Frame, ...] = ()
        for frame in none:
            yield frame

    def send(self, command: Command) -> None:
        """Nobody hears it."""

    async def stop(self) -> Frame | None:
        """There is nothing to stop."""
        return None


class ReplayApp(InfertopApp):
    """The console over `recording`, which says REPLAY wherever it shows anything.

    Args:
        recording: open; it must have a frame.
        speed: of `SPEEDS`, the nearest.
        paused: whether to begin at the first frame and stay there.
        options: as for a live console.
    """

    def __init__(self, recording: Recording, *, speed: float = 1.0, paused: bool = False, **options: Any) -> None:
        keys = options.get("keys") or Keys(KEYS)
        self._refused = {key for each in keys.bindings if each.id in _CHANGES for key in each.key.split(",")}
        options["keys"] = replay_keys(keys)
        super().__init__(_NoEngine(), **options)
        self._reel = Reel(recording)
        self._speed = min(SPEEDS, key=lambda each: abs(each - speed))
        self._paused = paused
        self._position_ns = 0.0
        self._ticked_s = self._clock()
        self._wanted = 0
        self._going: asyncio.Task[None] | None = None

    def on_mount(self) -> None:
        """Begin at the first frame."""
        super().on_mount()
        self._ticked_s = self._clock()
        self.set_interval(_TICK_S, self._tick)
        self._go(0)

    def _tick(self) -> None:
        """Let as much run time pass as is due."""
        now_s = self._clock()
        passed_s, self._ticked_s = now_s - self._ticked_s, now_s
        if self._paused:
            return
        self._position_ns += passed_s * self._speed * 1e9
        due = self._reel.number_at(self._position_ns)
        if self._going is None and due > self._reel.at:
            self._go(due, seek=False)

    def _go(self, number: int, *, seek: bool = True) -> None:
        """Show frame `number` as soon as it is there; of several asked for meanwhile, the last."""
        self._wanted = min(max(number, 0), self._reel.end)
        if seek:
            self._position_ns = float(self._reel.moments[self._wanted])
        if self._going is None:
            self._going = asyncio.create_task(self._arrive())

    async def _arrive(self) -> None:
        try:
            while self._reel.at != self._wanted:
                await asyncio.to_thread(self._reel.go, self._wanted)
        except RecordingError as error:
            self._paused = True
            self._view = replace(self._view, notice=printable(str(error)))
            self._wanted = self._reel.at
        finally:
            self._going = None
        self._model = self._reel.model
        self._paused = self._paused or self._reel.at == self._reel.end
        if self._paused:
            self._judging.hurry()
        self.draw()

    def draw(self) -> None:
        """Show it, and that it is no live picture."""
        pace = "PAUSED" if self._paused else f"×{self._speed:g}"
        end_ns = self._reel.moments[-1]
        self._view = replace(self._view, replay=f"REPLAY {pace} of {clock(end_ns)}")
        super().draw()

    def on_key(self, event: Key) -> None:
        """A key that nothing here is bound to."""
        if event.key in self._refused:
            self._say("a recording cannot be changed; infertop run --again runs its session once more")

    def action_pause(self) -> None:
        """Hold still, or go on; at the end, begin anew."""
        if self._paused and self._reel.at == self._reel.end:
            self._go(0)
        self._paused = not self._paused
        self.draw()

    def action_skip(self, seconds: int) -> None:
        """Some seconds on or back."""
        wanted_ns = self._reel.moments[self._wanted] + seconds * 1e9
        number = self._reel.number_at(wanted_ns)
        self._go(number if number != self._wanted else self._wanted + (1 if seconds > 0 else -1))

    def action_step(self, by: int) -> None:
        """One frame on or back, and stay there."""
        self._paused = True
        self._go(self._wanted + by)

    def action_chapter(self, by: int) -> None:
        """To the next marker, or the one before."""
        self._go(self._reel.chapter(by))

    def action_go_to(self, end: int) -> None:
        """To the start (0) or the end (1)."""
        self._go(self._reel.end if end else 0)

    def action_speed(self, by: int) -> None:
        """Faster or slower."""
        at = SPEEDS.index(self._speed) + by
        self._speed = SPEEDS[min(max(at, 0), len(SPEEDS) - 1)]
        self._say(f"{self._speed:g} × real time")
