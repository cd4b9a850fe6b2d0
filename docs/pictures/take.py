"""Takes the pictures of the console for the docs, from a real terminal.

    python docs/pictures/take.py [NAME …]

Runs `infertop` in tmux at each size, waits, presses keys, captures the screen with its colours, and has Chromium draw
it. Needs tmux, chromium and the DejaVu fonts; nothing of infertop needs any of them.
"""

import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from html import escape
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import MONOKAI
from rich.text import Text

from infertop.tui.theme import DARK, LIGHT

HERE = Path(__file__).resolve().parent
CELL_PX = (8, 15)


@dataclass(frozen=True)
class Picture:
    """What to run, for how long, which keys to press then, how long to wait after them, and at which size."""

    name: str
    columns: int
    rows: int
    command: str = "infertop"
    keys: tuple[str, ...] = ()
    wait_s: float = 25.0
    then_s: float = 0.0
    paper: str = DARK.ground


PICTURES = (
    Picture("console-80x24", 80, 24),
    Picture("console-120x40", 120, 40, wait_s=75),
    Picture("console-240x60", 240, 60),
    Picture("console-light-120x40", 120, 40, keys=("t",), paper=LIGHT.ground),
    Picture("console-two-120x40", 120, 40, command="infertop sim:h200 sim:mi300x", keys=("Tab",)),
    Picture("console-50x20", 50, 20),
    Picture("heat-120x40", 120, 40, keys=("3",), wait_s=45),
    Picture("heat-light-80x24", 80, 24, keys=("3", "t"), wait_s=45, paper=LIGHT.ground),
    Picture("answers-120x40", 120, 40, keys=("7",), wait_s=20, then_s=14),
    Picture("depth-120x40", 120, 40, keys=("Enter",)),
    Picture("compare-120x40", 120, 40, command="infertop sim:h200 sim:mi300x --rate 8", keys=("c",), wait_s=60),
    Picture("help-80x24", 80, 24, keys=("?",)),
    Picture("sweep-120x40", 120, 40, command="infertop sweep fleet --virtual --target 'p95_ttft<300ms'", wait_s=60),
    Picture("decide-120x40", 120, 40, command="infertop decide", keys=("Enter",), wait_s=6, then_s=60),
    Picture("walkthrough-80x24", 80, 24, command="infertop demo --from 4", wait_s=32.0),
    Picture("walkthrough-light-120x40", 120, 40, command="infertop demo", keys=("t",), wait_s=38, paper=LIGHT.ground),
    Picture("walkthrough-240x60", 240, 60, command="infertop demo --from 2", wait_s=44.0),
)


def captured(picture: Picture) -> str:
    """The terminal's screen after the wait, with its escape sequences."""
    session = f"picture-{picture.name}"
    size = ("-x", str(picture.columns), "-y", str(picture.rows))
    home = tempfile.mkdtemp()  # what was shown last time, and what is recorded, is nobody's but the picture's
    environment = f"COLORTERM=truecolor TERM=tmux-256color LANG=C.UTF-8 XDG_STATE_HOME={home} XDG_DATA_HOME={home}"
    tmux("new-session", "-d", "-s", session, *size, f"env {environment} {picture.command}; sleep 60")
    try:
        tmux("set-option", "-t", session, "status", "off")
        tmux("resize-window", "-t", session, *size)
        time.sleep(picture.wait_s)
        for key in picture.keys:
            tmux("send-keys", "-t", session, key)
            time.sleep(2)
        time.sleep(picture.then_s)
        screen = tmux("capture-pane", "-t", session, "-p", "-e", "-N")
        tmux("send-keys", "-t", session, "q")
        time.sleep(3)
    finally:
        tmux("kill-session", "-t", session)
        shutil.rmtree(home, ignore_errors=True)
    return screen


def tmux(*arguments: str) -> str:
    return subprocess.run(("tmux", *arguments), check=True, capture_output=True, text=True).stdout


def page(screen: str, picture: Picture) -> str:
    """The screen as HTML, every run of one style in a box of whole cells, so that no font can shift a column."""
    width, height = CELL_PX
    out = []
    for row, line in enumerate(AnsiDecoder().decode(screen)):
        for column, cells, style, text in runs(line):
            place = f"left:{column * width}px;top:{row * height}px;width:{cells * width}px"
            out.append(f"<span style='{place};{style}'>{text}</span>")
    return (
        "<meta charset=utf-8><style>"
        f"body{{margin:0;background:{picture.paper};width:{picture.columns * width + 16}px}}"
        f"div{{position:relative;margin:8px;height:{picture.rows * height}px}}"
        f"span{{position:absolute;white-space:pre;height:{height}px;overflow:hidden;"
        f"font:13.28px/{height}px 'DejaVu Sans Mono'}}"
        f"</style><div>{''.join(out)}</div>"
    )


def runs(line: Text) -> list[tuple[int, int, str, str]]:
    """(first column, cells, CSS, HTML text) of each run of one style."""
    made, column = [], 0
    for segment in line.render(Console(color_system="truecolor", width=10_000)):
        text = segment.text.rstrip("\n")
        cells = Text(text).cell_len
        made.append((column, cells, css(segment.style or Style()), escape(text)))
        column += cells
    return made


def css(style: Style) -> str:
    return style.get_html_style(MONOKAI)


def draw(picture: Picture, screen: str) -> None:
    """Have Chromium draw the page into a PNG beside this file."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.html"
        source.write_text(page(screen, picture), encoding="utf-8")
        size = f"{picture.columns * CELL_PX[0] + 16},{picture.rows * CELL_PX[1] + 16}"
        command = (
            "chromium --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
            f"--disable-component-update --disable-sync --hide-scrollbars --user-data-dir={folder}/profile "
            f"--window-size={size} --screenshot={HERE / picture.name}.png {source.as_uri()}"
        )
        subprocess.run(shlex.split(command), check=True, capture_output=True, timeout=60)


def main() -> None:
    wanted = set(sys.argv[1:])
    for picture in PICTURES:
        if not wanted or picture.name in wanted:
            draw(picture, captured(picture))
            sys.stdout.write(f"{picture.name}.png\n")


if __name__ == "__main__":
    main()
