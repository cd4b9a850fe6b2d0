"""One moment of a run with all that is known about it: what every export is made of."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from ...engine.frame import Frame
from ...engine.plan import RunPlan
from ...engine.record import RequestRecord
from ...profiles.load import dump
from ...profiles.schema import from_plan
from ..folder import file_name
from ..journal.facts import Facts, redacted
from ..journal.reader import Recording
from ..summary import Document, document
from .series import Series, series_until


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Snapshot:
    """A frame, the last of a run or any before it, and where there is one, the recording it belongs to.

    Attributes:
        frame: whose figures are shown.
        recording: open; without one there is nothing over time and nothing of single requests.
        plan: what was run, where no recording knows it.
        made: when the snapshot was taken.
    """

    frame: Frame
    recording: Recording | None = None
    plan: RunPlan | None = None
    made: datetime = field(default_factory=_now)

    @cached_property
    def summary(self) -> Document:
        """The summary document of the frame: the figures of every export are its figures."""
        return document(self.frame)

    @property
    def facts(self) -> Facts | None:
        """What the recording says of the session."""
        return self.recording.facts if self.recording else None

    @property
    def title(self) -> str:
        """What its owner called it, else the run's title; not safe to draw."""
        return (self.facts.name if self.facts else "") or self.frame.title or "infertop"

    @property
    def profile(self) -> str:
        """What was run as TOML, without secrets; "" where nobody knows."""
        if self.facts:
            return self.facts.profile or dump(from_plan(redacted(self.facts.plan)))
        return dump(from_plan(redacted(self.plan))) if self.plan else ""

    @property
    def stem(self) -> str:
        """The beginning of the names of its files; that of a moment before the end says which."""
        if self.recording:
            return self.recording.path.stem + ("" if self.final else f"_at-{self.frame.at_ns // 1_000_000_000}s")
        return file_name(self.made, self.frame.title, "snapshot").rpartition(".")[0]

    @property
    def final(self) -> bool:
        """Whether it shows the end of the run."""
        return self.frame.phase == "done"

    def series(self, most: int) -> Series | None:
        """The run over time up to the frame, in at most `most` steps; None where nothing was recorded.

        Raises:
            RecordingError: a frame is damaged.
        """
        return series_until(self.recording, self.frame, most) if self.recording else None

    def requests(self) -> Iterator[RequestRecord]:
        """Requests that had ended by then, none where nothing was recorded; raises RecordingError."""
        if self.recording is None:
            return
        for request in self.recording.requests():
            if self.final or (request.last_ns or request.sent_ns or request.scheduled_ns) <= self.frame.at_ns:
                yield request
