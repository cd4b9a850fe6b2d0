"""The console as a stage: scenes change the run and the picture, captions say what there is to see."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from textual.binding import Binding

from ..app import InfertopApp
from ..feed import FrameArrived
from ..keys import KEYS, Keys
from ..link import EngineLink
from ..view import Page, Panel, View
from .director import Director
from .screen import walkthrough_screen
from .script import Script, Setting, Stand
from .stage import Stage

_TICK_S: Final = 0.1
_NOT_HERE: Final = frozenset({"save", "detach", "freeze", "event-next", "event-previous", "page-down", "page-up"})
"""What makes no sense here, or whose keys mean something else."""

_GROUP: Final = Binding.Group("the walkthrough")
_KEYS: Final = (
    Binding("n,pagedown", "app.scene(1)", "next scene", id="scene-next", key_display="n pgdn", group=_GROUP),
    Binding(
        "b,pageup",
        "app.scene(-1)",
        "this scene anew, or the one before",
        id="scene-back",
        key_display="b pgup",
        group=_GROUP,
    ),
    Binding("space", "app.pause", "pause the walkthrough (the run goes on), or go on", id="pause", group=_GROUP),
    Binding("f", "app.roam", "free roam: every key is yours; again: on with the scene", id="roam", group=_GROUP),
    Binding("p", "app.freeze", "freeze the picture, never the load", id="freeze", group=_GROUP),
)


class WalkthroughKeys(Keys):
    """The keys of a walkthrough: those of the console, less what makes no sense here, and the director's."""

    def hints(self, page: Page) -> tuple[tuple[str, str], ...]:
        """(key, word) for the footer, the most useful first."""
        return (
            ("q", "quit"),
            ("n", "next"),
            ("b", "back"),
            ("space", "pause"),
            ("f", "free roam"),
            ("+/-", "load"),
            ("1-9", "panels") if page == "board" else (self.named("back"), "to the panels"),
            ("tab", "metric"),
            ("t", "theme"),
            ("?", "help"),
        )


def walkthrough_keys(keys: Keys) -> WalkthroughKeys:
    """The keys of a walkthrough for somebody who uses `keys`."""
    taken = {key for binding in _KEYS for key in binding.key.split(",")}
    kept = (binding for binding in keys.bindings if binding.id not in _NOT_HERE)
    own = (*_KEYS, *(binding for binding in kept if not taken & set(binding.key.split(","))))
    return WalkthroughKeys(own, keys.elsewhere)


class WalkthroughApp(InfertopApp):
    """Plays `script` on the run behind `link`.

    Args:
        link: an engine over simulated backends that no one else steers.
        script: at least one scene.
        stand: how the run stands at first.
        start: the scene to begin with, from 0.
        options: as for the console.
    """

    def __init__(self, link: EngineLink, script: Script, stand: Stand, *, start: int = 0, **options: Any) -> None:
        keys = walkthrough_keys(options.get("keys") or Keys(KEYS))
        self._stage = Stage(link, stand)
        super().__init__(self._stage, **{**options, "keys": keys})
        self._live = self._strolling = walkthrough_screen(keys)
        self._director = Director(script, start)
        self._begun = False
        self._setting = script[start].cues[0].setting
        self._view = _seen_as(self._view, self._setting)

    def on_mount(self) -> None:
        """Keep time."""
        super().on_mount()
        self.set_interval(_TICK_S, self._tick)

    def on_frame_arrived(self, message: FrameArrived) -> None:
        """The run's first frame lifts the curtain."""
        super().on_frame_arrived(message)
        if message.frame.phase == "running" and not self._begun:
            self._begun = True
            self._director.play(self._clock())

    def draw(self) -> None:
        """Show it, with what the walkthrough says."""
        self._strolling.tell(self._director.progress(self._clock()), self._setting)
        super().draw()

    def _tick(self) -> None:
        """Do what is due."""
        cue = self._director.tick(self._clock()) if self._begun else None
        if cue is None:
            return
        self._setting = cue.setting
        self._stage.set(cue.setting.stand)
        if cue.fresh:
            self._model.reset()
        self._frozen = None
        self._judging.hurry()
        self._show(_seen_as(self._view, cue.setting))

    def _direct(self, what: Callable[[float], None]) -> None:
        if self._begun:
            what(self._clock())
            self._tick()
            self.draw()

    def action_scene(self, by: int) -> None:
        """To the next scene, or back."""
        self._direct(self._director.skip if by > 0 else self._director.back)

    def action_pause(self) -> None:
        """Let the walkthrough wait, or go on."""
        self._direct(self._director.pause)

    def action_roam(self) -> None:
        """Leave everything to the audience, or take it back."""
        self._direct(self._director.roam)

    def action_panel(self, panel: Panel) -> None:
        """As in the console, but not remembered: the picture is the script's."""
        self._show(self._view.toggled(panel, self._live.seen))


def _seen_as(view: View, setting: Setting) -> View:
    """`view` with the camera where `setting` has it."""
    return replace(
        view,
        wanted=setting.panels,
        only=setting.only,
        metric=setting.metric,
        focus=setting.focus,
        expanded=setting.expanded,
        versus=None,
        scroll=0,
        sought="",
        sort="profile",
        moment_s=None,
    )
