"""Reading a screen that Pilot drives, and comparing it with a golden picture."""

import os
from contextlib import asynccontextmanager
from pathlib import Path

from infertop.tui.app import InfertopApp
from infertop.tui.draw.glyphs import Tier

from .frames import Tape

GOLDEN = Path(__file__).parent / "golden"


def text(app):
    """What is on the screen, one line a row, without trailing blanks."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


@asynccontextmanager
async def console(*frames, size=(120, 40), tier=Tier.BRAILLE, link=None, **options):
    """An app over `frames` on a screen of `size`, once it shows the last of them with its verdicts."""
    link = link or Tape(*frames)
    app = InfertopApp(link, tier=tier, **options)
    async with app.run_test(size=size) as pilot:
        await settled(app, pilot, frames[-1] if frames else None)
        yield app, pilot, link


async def settled(app, pilot, frame):
    """Wait until `frame` is shown and judged."""
    for _ in range(500):
        await pilot.pause(0.01)
        shown = app._model.frame is frame or frame is None
        if shown and "weighing" not in text(app):
            return
    raise AssertionError(f"the screen did not settle:\n{text(app)}")


def matches_golden(name, picture):
    """Whether `picture` equals tests/tui/golden/NAME.txt; INFERTOP_UPDATE_GOLDEN=1 writes it instead."""
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("INFERTOP_UPDATE_GOLDEN"):
        path.write_text(picture + "\n", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == picture + "\n"
