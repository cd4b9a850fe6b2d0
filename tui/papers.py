"""What a person takes away from the console: pictures of the screen, and files for a colleague."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from rich.style import Style
from textual.strip import Strip

from ..engine.frame import Frame
from ..sessions.export.files import ExportError, Part, write_parts
from ..sessions.export.snapshot import Snapshot
from ..sessions.journal.reader import RecordingError
from .export.formats import write_snapshot
from .export.screen import Screen, svg
from .theme import PALETTES, Palette


class Papers:
    """Writes into one folder; answers with a notice for the user.

    Args:
        folder: where files go.
        recording: the file of the session's journal; None where there is none (yet).
        now: local time, for names.
    """

    def __init__(
        self, folder: Path, recording: Callable[[], Path | None], now: Callable[[], datetime] = datetime.now
    ) -> None:
        self._folder = folder
        self._recording = recording
        self._now = now

    def screenshot(self, lines: Sequence[Strip], palette: Palette | None, frame: Frame) -> str:
        """The screen as it is, as SVG and as text."""
        ground = (palette or PALETTES[0]).ground
        styled = [[(segment.text, segment.style or Style()) for segment in line] for line in lines]
        columns = max((line.cell_length for line in lines), default=0)
        parts = (
            Part("svg", svg(styled, columns, ground, frame.title), private=True),
            Part("txt", (f"{line.text.rstrip()}\n" for line in lines), private=True),
        )
        stem = f"infertop-{self._now():%Y%m%d-%H%M%S}"
        try:
            svg_file, text_file = write_parts(parts, self._folder, stem)
        except ExportError as error:
            return f"no screenshot: {error}"
        return f"screenshot: {svg_file.name} and {text_file.name}"

    def export(self, frame: Frame, screen: Screen) -> str:
        """What `frame` shows, in a folder: a page, Markdown, a picture, and data where there is a journal."""
        recording = self._recording()
        names = ("html", "md", "csv", "json", "svg") if recording else ("html", "md", "json", "svg")
        folder = self._folder / Snapshot(frame).stem.removesuffix("_snapshot")
        try:
            files = write_snapshot(frame, names, folder, recording=recording, screen=screen)
        except (ExportError, RecordingError) as error:
            return f"not exported: {error}"
        return f"exported {len(files)} files to {folder.name}/: open the .html there"
