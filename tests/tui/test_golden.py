"""Pictures of the screen, one text file each. `INFERTOP_UPDATE_GOLDEN=1 pytest tests/tui/test_golden.py` redraws."""

from functools import cache

import pytest
from rich.cells import cell_len

from infertop.engine.plan import ArrivalsPlan
from infertop.tui.draw.glyphs import Tier
from infertop.tui.once import render_once

from .frames import STACKS, Fleet
from .screen import console, matches_golden, text

SIZES = ((50, 20), (80, 24), (120, 40), (240, 60))


@cache
def fleet_frame(backends):
    return Fleet(STACKS[:backends], budget_usd=5.0).advance(90).frame()


@pytest.mark.parametrize("backends", [1, 2, 6, 8])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_live_screen(size, backends):
    frame = fleet_frame(backends)
    async with console(frame, size=size) as (app, _, _):
        picture = text(app)
    assert len(picture.splitlines()) == size[1]
    assert all(cell_len(line) <= size[0] for line in picture.splitlines())
    matches_golden(f"live_{size[0]}x{size[1]}_{backends}", picture)


@pytest.mark.parametrize("tier", [Tier.BLOCK, Tier.ASCII])
async def test_coarser_glyphs(tier):
    frame = Fleet(STACKS[:4], arrivals=ArrivalsPlan(kind="poisson", rate_per_s=12)).advance(90).frame()
    async with console(frame, tier=tier) as (app, _, _):
        picture = text(app)
    assert tier is not Tier.ASCII or picture.isascii()
    matches_golden(f"live_120x40_4_{tier}", picture)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_expanded_card(size):
    fleet = Fleet(STACKS[4:6]).advance(60)
    fleet.mark("concurrency 16")
    frame = fleet.advance(30).frame()
    async with console(frame, size=size) as (app, pilot, _):
        await pilot.press("enter")
        picture = text(app)
    matches_golden(f"detail_{size[0]}x{size[1]}", picture)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_help(size):
    """From its first screen to its last: every key and what it does, whatever the size."""
    async with console(Fleet(STACKS[:2]).advance(5).frame(), size=size) as (app, pilot, _):
        await pilot.press("question_mark")
        await pilot.pause(0.1)
        screens = [text(app)]
        for _ in range(20):
            await pilot.press("pagedown")
            await pilot.pause(0.02)
            if text(app) == screens[-1]:
                break
            screens.append(text(app))
    matches_golden(f"help_{size[0]}x{size[1]}", screens[0])
    words = " ".join(" ".join(screens).replace("│", " ").split())
    for binding in app._keys.bindings:
        assert binding.description.split()[-1] in words, binding.id


@pytest.mark.parametrize("key", ["question_mark", "ctrl+p", "slash", "q"])
async def test_what_opens_over_the_console_is_ascii_too(key):
    frame = Fleet(STACKS[:4]).advance(30).frame()
    async with console(frame, size=(80, 24), tier=Tier.ASCII) as (app, pilot, _):
        before = text(app)
        await pilot.press(key)
        await pilot.pause(0.2)
        assert text(app) != before
        assert text(app).isascii()


async def test_before_the_first_frame():
    async with console(size=(80, 24)) as (app, _, _):
        matches_golden("waiting_80x24", text(app))


@pytest.mark.parametrize("width", [50, 80, 120, 200])
def test_one_picture_for_a_pipe(width, monkeypatch):
    monkeypatch.setenv("INFERTOP_GLYPHS", "braille")
    picture = render_once(Fleet(STACKS[:4]).advance(90).frame(), width, colour=False)
    assert all(cell_len(line) <= width for line in picture.splitlines())
    assert "\x1b" not in picture
    matches_golden(f"once_{width}", picture)


def test_one_picture_with_colour_says_the_same(monkeypatch):
    monkeypatch.setenv("INFERTOP_GLYPHS", "braille")
    from rich.text import Text

    frame = Fleet(STACKS[:4]).advance(30).frame()
    coloured = render_once(frame, 120, colour=True)
    assert "\x1b[" in coloured
    plain = "\n".join(line.rstrip() for line in Text.from_ansi(coloured).plain.split("\n"))
    assert plain == render_once(frame, 120, colour=False)
