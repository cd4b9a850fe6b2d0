"""A run in the console: engine and screen together, from the plan to the last frame."""

import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from ..engine.frame import Frame
from ..engine.plan import RunPlan
from ..engine.workloads.builtin import BUILTIN
from ..profiles.library import save
from ..profiles.problems import ProfileError
from ..profiles.schema import from_plan
from ..sessions.journal.reader import Recording, RecordingError, open_recording
from ..sessions.session import Session
from .app import InfertopApp
from .keys import DEFAULT, Keys
from .papers import Papers
from .replay import ReplayApp
from .viewstate import ViewState, default_path
from .walkthrough.app import WalkthroughApp
from .walkthrough.script import Script, first_stand

REMEMBERED: Final = 900
"""Frames of the journal that a screen looks at which attaches later: the last quarter of an hour."""


async def run_console(session: Session, plan: RunPlan, keys: Keys | None) -> Frame | None:
    """Show `session`, a run of `plan`, until it is left; the last frame, None if there was none or it goes on."""
    workloads = list(dict.fromkeys((plan.workload.source, *BUILTIN)))
    app = InfertopApp(
        session,
        save_profile=lambda frame: save_session(plan, frame),
        papers=Papers(Path.cwd(), lambda: _recording(session)),
        workloads=workloads,
        keys=keys or DEFAULT,
        state=ViewState(default_path()),
    )
    told = None
    try:
        told = await app.run_async()
    finally:
        if session.detached:
            last = None
        elif told is None and session.watched_by_others:
            last = await session.leave()  # the terminal went away, or the tab: nobody asked to end it for the others
        else:
            last = await session.stop()
    return last


async def watch_console(session: Session, keys: Keys | None) -> Frame | None:
    """Show a session that others may watch too, until this screen is left; the last frame seen."""
    app = InfertopApp(
        _Visit(session),
        papers=Papers(Path.cwd(), lambda: _recording(session)),
        ends_run=False,
        workloads=list(BUILTIN),
        keys=keys or DEFAULT,
        state=ViewState(default_path()),
    )
    path = _recording(session)
    if path is not None:
        with suppress(RecordingError), open_recording(path) as recording:
            app.remember(recording.frames(max(0, len(recording.moments()) - REMEMBERED)))
    try:
        await app.run_async()
    finally:
        last = await session.leave()
    return last


async def walk_console(session: Session, plan: RunPlan, script: Script, start: int, keys: Keys | None) -> None:
    """Play `script`, from scene `start` on, on `session`, a run of `plan`, until it is left."""
    app = WalkthroughApp(
        session,
        script,
        first_stand(plan),
        start=start,
        workloads=list(BUILTIN),
        keys=keys or DEFAULT,
        state=ViewState(default_path()).forgetful(),
    )
    try:
        await app.run_async()
    finally:
        await session.stop()


def replay_console(recording: Recording, *, speed: float, paused: bool, keys: Keys | None) -> None:
    """Show `recording` until it is left."""
    state = ViewState(default_path())
    papers = Papers(Path.cwd(), lambda: recording.path)
    ReplayApp(recording, speed=speed, paused=paused, papers=papers, keys=keys or DEFAULT, state=state).run()


def _recording(session: Session) -> Path | None:
    """The journal of `session`, once there is one."""
    path = Path(session.status.file) if session.status and session.status.file else None
    return path if path is not None and path.is_file() else None


class _Visit:
    """The link of a screen that came later: leaving it leaves the session to the others."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.frames = session.frames
        self.send = session.send
        self.stop = session.leave

    @property
    def problem(self) -> str:
        """Why something is not recorded."""
        return self._session.problem


def save_session(plan: RunPlan, frame: Frame) -> str:
    """Save `plan`, with the load and workload that `frame` shows, as a profile of the user's; returns its path.

    Raises:
        ValueError: it cannot be saved; the text says why.
    """
    now = replace(plan, workload=frame.workload, arrivals=frame.arrivals)
    words = re.sub(r"[^a-z0-9]+", "-", plan.title.lower()).strip("-") or "session"
    name = f"{words[:40]}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    try:
        return str(save(from_plan(now, "saved from the console"), name))
    except ProfileError as error:
        raise ValueError(str(error)) from None
