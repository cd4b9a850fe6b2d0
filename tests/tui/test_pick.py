"""Choosing a recorded session."""

from datetime import datetime
from pathlib import Path

import pytest

from infertop.engine.plan import BackendPlan, RunPlan, WorkloadPlan
from infertop.sessions.journal.facts import Facts
from infertop.sessions.library import Listing
from infertop.tui.draw.glyphs import Tier
from infertop.tui.screens.pick import PickApp

from .screen import matches_golden, text

SIZES = ((50, 20), (80, 24), (120, 40), (240, 60))


def session(number, title, **more):
    facts = Facts(
        id=f"{number:06x}",
        title=title,
        started_utc=datetime(2026, 11, number + 1, 12, 30).astimezone().isoformat(),
        infertop="0.1.0",
        plan=RunPlan(
            backends=(BackendPlan(name="groq", url="x"), BackendPlan(name="mine\x1b[31m", url="y")),
            workload=WorkloadPlan(source="rag"),
        ),
        labels=("LIVE",),
        finished=True,
        stop_reason="budget",
        **more,
    )
    return Listing(Path(f"2026_{number:06x}.itop"), facts, "", 200_000_000_000 * number, 3_000_000, running=False)


BROKEN = Listing(Path("2026_ffffff.itop"), None, "not a recording\x1b]0;x", 0, 100, running=False)
SESSIONS = [BROKEN, session(9, "groq vs cerebras", name="before fp8", note="hot day"), *(
    session(number, f"fleet {number}") for number in range(8, 0, -1)
)]  # fmt: skip


def picker():
    return PickApp(SESSIONS, tier=Tier.BRAILLE)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_list(size):
    app = picker()
    async with app.run_test(size=size) as pilot:
        await pilot.press("down", "down")
        picture = text(app)
    assert "\x1b" not in picture
    matches_golden(f"pages/sessions_{size[0]}x{size[1]}", picture)


async def test_arrows_point_and_enter_takes():
    app = picker()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        assert app.return_value is None, "what cannot be read is not taken"
        await pilot.press("down", "pagedown", "up", "pageup", "down", "enter")
    assert app.return_value == SESSIONS[1].path


async def test_letters_narrow_down():
    app = picker()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"fp8")
        assert "1 with fp8" in text(app)
        await pilot.press(*"x")
        assert " none" in text(app)
        await pilot.press("enter", "backspace")
        assert "before fp8" in text(app)
        await pilot.press("escape")
        assert "10, newest first" in text(app)
        await pilot.press("escape")
    assert app.return_value is None
