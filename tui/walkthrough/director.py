"""Keeps the time of a script: which scene, how far into it, and which cue is due. Knows no clock and no screen."""

from dataclasses import dataclass
from typing import Final, Literal

from .script import Act, Cue, Script

Mode = Literal["playing", "paused", "free", "over"]

_BACK_WITHIN_S: Final = 3.0
"""Going back later than this into a scene begins it anew; before, it goes to the scene before."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a walkthrough is.

    Attributes:
        number: of the scene, from 1.
        of: scenes.
        elapsed_s: into the scene.
    """

    number: int
    of: int
    act: Act
    elapsed_s: float
    mode: Mode


class Director:
    """Plays `script` from scene `start` (from 0) on. Every method is given the time, in seconds that only grow."""

    def __init__(self, script: Script, start: int = 0) -> None:
        self._script = script
        self._scene = start
        self._mode: Mode = "paused"
        self._elapsed_s = 0.0  # while time stands still
        self._zero_s = 0.0  # while it passes: when the scene began
        self._given: Cue | None = None

    @property
    def mode(self) -> Mode:
        """Whether time passes, and if not, why."""
        return self._mode

    @property
    def _act(self) -> Act:
        return self._script[self._scene]

    def elapsed_s(self, now_s: float) -> float:
        """Into the scene."""
        return now_s - self._zero_s if self._mode == "playing" else self._elapsed_s

    def progress(self, now_s: float) -> Progress:
        """Where it is."""
        elapsed_s = min(max(self.elapsed_s(now_s), 0.0), self._act.lasts_s)
        return Progress(self._scene + 1, len(self._script), self._act, elapsed_s, self._mode)

    def tick(self, now_s: float) -> Cue | None:
        """The cue that has become due since it was last asked; of several, the last. None while roaming free."""
        while self._mode == "playing" and self.elapsed_s(now_s) >= self._act.lasts_s:
            if self._scene + 1 == len(self._script):
                self._hold(now_s, "over")
            else:
                self._scene += 1
                self._zero_s += self._script[self._scene - 1].lasts_s
        if self._mode == "free":
            return None
        due = [cue for cue in self._act.cues if cue.at_s <= self.elapsed_s(now_s)][-1]
        if due is self._given:
            return None
        self._given = due
        return due

    def play(self, now_s: float) -> None:
        """Let time pass from where it stands."""
        if self._mode != "playing":
            self._zero_s = now_s - self._elapsed_s
            self._mode = "playing"

    def pause(self, now_s: float) -> None:
        """Let time stand still, or pass again; at the end, begin anew."""
        match self._mode:
            case "playing":
                self._hold(now_s, "paused")
            case "paused":
                self.play(now_s)
            case "free":
                self.roam(now_s)
            case "over":
                self._go(0, now_s)

    def roam(self, now_s: float) -> None:
        """Leave the stage to the audience; or take it back, and set it as the script says."""
        if self._mode == "free":
            self._given = None
            self.play(now_s)
        else:
            self._hold(now_s, "free")

    def skip(self, now_s: float) -> None:
        """To the next scene; from the last, to its end, and from there to the first."""
        if self._mode == "over":
            self._go(0, now_s)
        elif self._scene + 1 < len(self._script):
            self._go(self._scene + 1, now_s)
        else:
            self._elapsed_s = self._act.lasts_s
            self._mode = "over"

    def back(self, now_s: float) -> None:
        """To the beginning of the scene, or if that was just now, to the scene before."""
        early = self.elapsed_s(now_s) < _BACK_WITHIN_S
        self._go(max(self._scene - early, 0), now_s)

    def _go(self, scene: int, now_s: float) -> None:
        """To the beginning of `scene`; a pause stays one."""
        self._scene, self._elapsed_s, self._given = scene, 0.0, None
        paused = self._mode == "paused"
        self._mode = "paused"
        if not paused:
            self.play(now_s)

    def _hold(self, now_s: float, mode: Mode) -> None:
        self._elapsed_s = min(self.elapsed_s(now_s), self._act.lasts_s)
        self._mode = mode
