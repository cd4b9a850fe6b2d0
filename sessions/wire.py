"""What a screen and the host of a session say to each other, besides an engine's own messages (`engine.channel`)."""

from typing import Final

import msgspec

from ..engine.plan import RunPlan

ORDER: Final = b"J"
"""First word of who starts a session; body: `Order`."""
STATUS: Final = b"I"
"""From the host whenever it changes, and first to who attaches; body: `Status`."""
DETACH: Final = b"D"
"""From a screen: the session goes on when nobody watches."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A session to run.

    Attributes:
        plan: what to run.
        folder: where sessions are kept, and where others can attach; "" for nowhere.
        file: the journal, if it is to be elsewhere; "" for a new one in `folder`, if there is that.
        record: whether to keep a journal.
        keep_text: whether it keeps prompts and answers.
        profile: the plan as TOML, for the journal.
        most_bytes: what the journals in `folder` may take together; the oldest unnamed ones give way.
    """

    plan: RunPlan
    folder: str = ""
    file: str = ""
    record: bool = True
    keep_text: bool = False
    profile: str = ""
    most_bytes: int = 0


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How a session stands, apart from its figures.

    Attributes:
        id: short and unique.
        title: of its plan.
        started_utc: ISO 8601.
        file: its journal; "" without one.
        problem: why nothing is recorded though it should be; "" while all is well.
        detached: whether it goes on when nobody watches.
        watchers: screens that watch now.
        host: process id of its host.
    """

    id: str
    title: str
    started_utc: str
    file: str = ""
    problem: str = ""
    detached: bool = False
    watchers: int = 0
    host: int = 0
