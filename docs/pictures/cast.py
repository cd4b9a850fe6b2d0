"""Records the walkthrough as an asciicast (version 3), from a real terminal.

    python docs/pictures/cast.py

Runs `infertop demo` in tmux from beginning to end, looks at its screen every two seconds, and writes down which
cells have changed. `asciinema play docs/walkthrough.cast` shows it. Needs tmux, as `take.py` does.
"""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.color import Color
from rich.console import Console
from rich.style import Style
from take import tmux

from infertop.profiles.scenes import load_walkthrough
from infertop.profiles.schema import to_plan
from infertop.profiles.walkthrough_library import DEFAULT, find_walkthrough
from infertop.tui.theme import DARK
from infertop.tui.walkthrough.script import lasts_s, script_of

CAST = Path(__file__).resolve().parents[1] / "walkthrough.cast"
COLUMNS, ROWS = 80, 24
EVERY_S = 2.0
MOST_BYTES = 500_000
_NEAR = 4
"""Unchanged cells between two changed ones that are cheaper to write again than to jump over."""

Cell = tuple[str, str]
"""A character, and the parameters of its escape sequence."""


def screens(seconds: float) -> Iterator[tuple[float, list[list[Cell]]]]:
    """(second, rows of cells) of a demo that is quit after `seconds`."""
    size = ("-x", str(COLUMNS), "-y", str(ROWS))
    home = tempfile.mkdtemp()  # the theme of last time is nobody's but the recording's
    environment = f"COLORTERM=truecolor TERM=tmux-256color LANG=C.UTF-8 XDG_STATE_HOME={home} XDG_DATA_HOME={home}"
    tmux("new-session", "-d", "-s", "cast", *size, f"env {environment} infertop demo; sleep 60")
    try:
        tmux("set-option", "-t", "cast", "status", "off")
        tmux("resize-window", "-t", "cast", *size)
        began = time.monotonic()
        while (now := time.monotonic() - began) < seconds:
            yield (
                now,
                [list(cells(line)) for line in tmux("capture-pane", "-t", "cast", "-p", "-e", "-N").split("\n")],
            )
            time.sleep(max(began + now + EVERY_S - time.monotonic(), 0))
        tmux("send-keys", "-t", "cast", "q")
        time.sleep(3)
    finally:
        tmux("kill-session", "-t", "cast")
        shutil.rmtree(home, ignore_errors=True)


def cells(line: str) -> Iterator[Cell]:
    """The cells of a line of the terminal; no character of the console takes two."""
    for text in AnsiDecoder().decode(line):
        for segment in text.render(Console(color_system="truecolor", width=10_000)):
            look = parameters(segment.style or Style())
            yield from ((char, look) for char in segment.text.rstrip("\n"))


def parameters(style: Style) -> str:
    """Those of the escape sequence that sets `style`, but for the colours that the theme has anyway."""
    wanted = ["0", *(["1"] if style.bold else [])]
    for code, colour, usual in (("38", style.color, DARK.text), ("48", style.bgcolor, DARK.ground)):
        if colour is not None and colour.triplet is not None and colour != Color.parse(usual):
            wanted.append(f"{code};2;{colour.triplet.red};{colour.triplet.green};{colour.triplet.blue}")
    return ";".join(wanted)


def changed(before: list[list[Cell]], after: list[list[Cell]]) -> str:
    """What makes `after` of a screen that shows `before`."""
    written, look = [], ""
    for y, row in enumerate(after):
        known = before[y] if y < len(before) else []
        end = -COLUMNS  # of what was written last in this row
        for at, cell in enumerate(row):
            if at < len(known) and known[at] == cell:
                continue
            if not 0 <= at - end <= _NEAR:
                written.append(f"\x1b[{y + 1};{at + 1}H")
                end = at
            for char, wanted in row[end : at + 1]:
                written.append(char if wanted == look else f"\x1b[{wanted}m{char}")
                look = wanted
            end = at + 1
    return "".join(written)


def main() -> None:
    path = find_walkthrough(DEFAULT)
    walkthrough = load_walkthrough(path)
    plan = to_plan(walkthrough, path.stem)
    theme = {"fg": DARK.text, "bg": DARK.ground, "palette": ":".join([DARK.ground, *DARK.series[:7]])}
    term = {"cols": COLUMNS, "rows": ROWS, "type": "xterm-256color", "theme": theme}
    lines = [json.dumps({"version": 3, "term": term, "title": f"infertop demo: {plan.title}"})]
    before, shown = 0.0, []
    for now, screen in screens(lasts_s(script_of(walkthrough, plan)) + 8):
        if drawn := changed(shown, screen):
            lines.append(json.dumps([round(now - before, 2), "o", drawn], ensure_ascii=False))
            before, shown = now, screen
    CAST.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(f"{CAST.name}: {CAST.stat().st_size / 1000:.0f} kB\n")
    if CAST.stat().st_size > MOST_BYTES:
        sys.exit(f"larger than {MOST_BYTES / 1000:.0f} kB")


if __name__ == "__main__":
    main()
