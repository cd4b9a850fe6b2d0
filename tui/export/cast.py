"""A recording as a film of the console: asciicast v3, which asciinema and its players show.

A header, then [interval in seconds, kind, data]: "o" is output to a terminal, "m" a chapter. Only what changed is
written, in colours of its own, so that no player's theme is asked.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from rich.style import Style

from ...backends.printable import printable
from ...engine.frame import Marker
from ...sessions.export.snapshot import Snapshot
from ..draw.rows import BLANK, Row, row_width
from ..model import Model
from ..theme import styles
from ..view import Panel
from .screen import Screen, drawn, frames, shown

MOST_SCENES: Final = 600
LONGEST_S: Final = 120.0
"""A film plays in real time up to this long; a longer run is played faster."""

_MOST_TAKEN: Final = 900
"""Most frames that the console takes in, though it may show fewer."""

_JUDGED_EVERY_S: Final = 1.0
"""Of the film: as often as in a console."""

_WITHOUT: Final[tuple[Panel, ...]] = ("heat",)
"""A heat map moves in every cell and would be most of the file."""

_BEGIN: Final = "\x1b[?25l\x1b[2J"
_END: Final = "\x1b[0m\x1b[?25h"


def film(snapshot: Snapshot, screen: Screen) -> Iterator[str]:
    """The film up to the snapshot's moment, a line an event; raises RecordingError."""
    assert snapshot.recording is not None
    moments = [at_ns for at_ns in snapshot.recording.moments() if at_ns <= snapshot.frame.at_ns]
    numbers = _spread(len(moments), _MOST_TAKEN)
    scenes = {numbers[at] for at in _spread(len(numbers), MOST_SCENES)}
    pace = max((moments[-1] / 1e9) / LONGEST_S, 1.0) if moments else 1.0
    yield json.dumps(_header(snapshot, screen, pace)) + "\n"
    looks = styles(screen.palette)
    screen = replace(screen, replayed=True)
    chapters = list(snapshot.recording.markers())
    model, before, shown_ns, judged_s = Model(), [BLANK] * screen.rows, 0, _JUDGED_EVERY_S
    yield _event(0.0, "o", _BEGIN)
    for number, frame in zip(numbers, frames(snapshot.recording, numbers), strict=True):
        if model.take(shown(frame, screen)):
            judged_s = _JUDGED_EVERY_S  # a window was opened, of which nothing is known yet
        if number not in scenes:
            continue
        wait_s, shown_ns = (moments[number] - shown_ns) / 1e9 / pace, moments[number]
        judged_s += wait_s
        judge = judged_s >= _JUDGED_EVERY_S or number == numbers[-1]
        judged_s = 0.0 if judge else judged_s
        due, chapters = _due(chapters, shown_ns)
        rows = drawn(model, screen, _WITHOUT, judge=judge)
        yield _event(wait_s, "o", "".join(_changed(rows, before, looks)))
        yield from (_event(0.0, "m", printable(marker.text, 80)) for marker in due)
        before = rows
    yield _event(1.0, "o", _END)


def _header(snapshot: Snapshot, screen: Screen, pace: float) -> dict[str, Any]:
    title = printable(snapshot.title, 100) + (f" (×{pace:.3g})" if pace > 1 else "")
    made: dict[str, Any] = {
        "version": 3,
        "term": {"cols": screen.columns, "rows": screen.rows, "type": "xterm-256color"},
        "title": f"infertop: {title}",
    }
    with suppress(ValueError):
        made["timestamp"] = int(datetime.fromisoformat(snapshot.frame.started_utc).timestamp())
    return made


def _spread(many: int, most: int) -> list[int]:
    """At most `most` of the numbers below `many`, evenly, the last among them."""
    if many <= most:
        return list(range(many))
    return sorted({round(at * (many - 1) / (most - 1)) for at in range(most)})


def _due(chapters: list[Marker], at_ns: int) -> tuple[list[Marker], list[Marker]]:
    """Those that have come, and the others."""
    return [each for each in chapters if each.at_ns <= at_ns], [each for each in chapters if each.at_ns > at_ns]


def _changed(rows: Sequence[Row], before: Sequence[Row], looks: dict[str, Style]) -> Iterator[str]:
    """What turns `before` into `rows` on a terminal: of each row, from its first changed span to its last."""
    pen: dict[int, str] = {}
    for y, (row, former) in enumerate(zip(rows, before, strict=True), 1):
        if row == former:
            continue
        first = _alike(row, former)
        last = len(row) - _alike(row[:first:-1], former[:first:-1])
        yield f"\x1b[{y};{row_width(row[:first]) + 1}H"
        for text, role in row[first:last]:
            yield _turned(pen, looks[role]) + text


def _alike(row: Row, former: Row) -> int:
    """How many spans the two begin with alike."""
    return next(
        (at for at, (a, b) in enumerate(zip(row, former, strict=False)) if a != b), min(len(row), len(former))
    )


def _turned(pen: dict[int, str], look: Style) -> str:
    """The codes that turn the pen as it is to `look`; it is that from then on."""
    wanted = {1: "1" if look.bold else "22"}
    for ground, colour in ((38, look.color), (48, look.bgcolor)):
        if colour is not None and colour.triplet is not None:
            wanted[ground] = f"{ground};2;{';'.join(map(str, colour.triplet))}"
    codes = [code for key, code in wanted.items() if pen.get(key) != code]
    pen |= wanted
    return f"\x1b[{';'.join(codes)}m" if codes else ""


def _event(wait_s: float, kind: str, data: str) -> str:
    return json.dumps([round(wait_s, 3), kind, data], ensure_ascii=False) + "\n"
