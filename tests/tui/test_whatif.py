"""What if: knobs and their steps, the model's word on them, what is asked of the engine, and the screen itself.

`INFERTOP_UPDATE_GOLDEN=1 pytest tests/tui/test_whatif.py` redraws.
"""

from functools import reduce

import pytest
from msgspec.structs import replace as changed

from infertop.backends.fleet.faults import Fault
from infertop.backends.fleet.stacks import StackError, find_stack
from infertop.engine.commands import SetFaults, SetPrice, SetStack
from infertop.engine.cost import ApiPrice, OwnedPrice, RentedPrice
from infertop.engine.frame import BackendFrame
from infertop.tui.draw.glyphs import Tier
from infertop.tui.whatif import Effect, commands, draft_of, effect, knobs, turned

from .frames import STACKS, Fleet
from .screen import console, matches_golden, text

SIZES = ((50, 20), (80, 24), (120, 40), (240, 60))
RENTED = RentedPrice(usd_per_chip_hour=3.2, chips=4, as_of="2026-11-01", source="a list")
API = ApiPrice(usd_per_m_input=0.5, usd_per_m_output=0.8)
H200 = BackendFrame(name="H200 ×4", url="sim:h200", price=RENTED)
REAL = BackendFrame(name="api", url="https://example.com/v1", price=API)
TITLES = ["chips", "replicas", "precision", "engine efficiency"]
FAULTS = ["429 refusals", "503 errors", "stalled answers", "cut answers"]


def after(backend, *turns):
    """The draft of `backend` after (title, by) `turns`."""
    return reduce(lambda draft, turn: turned(draft, *turn), turns, draft_of(backend))


def test_a_simulated_backend_has_all_knobs_and_a_real_one_its_price():
    assert [knob.title for knob in knobs(draft_of(H200))] == [*TITLES, "$ a chip-hour", *FAULTS]
    assert [knob.title for knob in knobs(draft_of(REAL))] == ["$ per M in", "$ per M out"]
    owned = changed(REAL, price=OwnedPrice(capex_usd=30_000))
    assert [knob.title for knob in knobs(draft_of(owned))] == ["$ a chip, bought"]
    assert knobs(draft_of(changed(REAL, price=None)))[0].value == "unknown"


def test_a_knob_stops_at_the_end_of_its_scale():
    for title in (*TITLES, *FAULTS):
        for by in (1, -1):
            knob = next(each for each in knobs(after(H200, *[(title, by)] * 30)) if each.title == title)
            assert knob.at == (len(knob.steps) - 1 if by > 0 else 0), title


@pytest.mark.parametrize(
    "name", ["h200", "groq/llama-3.1-8b", "mi300x/replicas=3", "h100x4/llama-3.3-70b/fp8/batch=32"]
)
def test_turned_there_and_back_it_is_as_it_was(name):
    backend = changed(H200, url=f"sim:{name}")
    for title in TITLES:
        there = after(backend, (title, -1))
        if there != draft_of(backend):
            assert turned(there, title, 1) == draft_of(backend), title


def test_every_knob_makes_another_stack_that_keeps_the_rest():
    draft = after(H200, ("chips", 1), ("replicas", 1), ("precision", 1), ("precision", 1), ("engine efficiency", -1))
    stack = find_stack(draft.stack)
    assert (stack.chips, stack.replicas, stack.precision) == (8, 2, "fp8")
    assert stack.model == find_stack("h200").model
    assert "engine efficiency 0.9 of what was fitted" in stack.assumed
    assert draft_of(changed(H200, url=f"sim:{draft.stack}"))[2:6] == draft[2:6]


def test_what_does_not_fit_says_why_and_is_not_asked_for():
    draft = after(H200, ("chips", -1), ("chips", -1))
    assert "141.1 GB of weights" in effect(draft)
    with pytest.raises(StackError):
        find_stack(draft.stack)


def test_the_model_says_what_practitioners_expect():
    now, more = effect(draft_of(H200)), effect(after(H200, ("replicas", 1)))
    assert isinstance(now, Effect)
    assert more.alone_tok_s == now.alone_tok_s
    assert more.full_tok_s == 2 * now.full_tok_s
    assert (more.bought_gb, more.usd_per_hour) == (2 * now.bought_gb, 2 * now.usd_per_hour)
    assert now.needed_gb < now.bought_gb
    assert now.usd_per_hour == pytest.approx(4 * 3.2)
    smaller = effect(after(H200, ("precision", 1), ("precision", 1)))
    assert smaller.alone_tok_s > now.alone_tok_s
    assert smaller.needed_gb < now.needed_gb
    slower = effect(after(H200, ("engine efficiency", -1)))
    assert slower.alone_tok_s == pytest.approx(0.9 * now.alone_tok_s, rel=0.01)


def test_a_stack_is_asked_for_before_the_price_of_its_chips():
    now = draft_of(H200)
    stack, price, faults = commands(now, after(H200, ("chips", 1), ("$ a chip-hour", -1), ("cut answers", 1)))
    assert stack == SetStack("H200 ×4", "h200x8")
    assert isinstance(price, SetPrice)
    assert (price.price.usd_per_chip_hour, price.price.chips, price.price.source) == (2.5, 8, "what if")
    assert faults == SetFaults("H200 ×4", (Fault(kind="cut", share=0.01),))
    assert commands(now, after(H200, ("chips", 1))) == [SetStack("H200 ×4", "h200x8")]
    assert commands(now, now) == []


def test_faults_are_added_to_those_there_are_and_taken_back():
    slow = Fault(kind="cold", for_s=9.0)
    struck = changed(H200, faults=(slow, Fault(kind="stall", share=0.2, stall_s=9.0)))
    (command,) = commands(draft_of(struck), after(struck, ("429 refusals", 1)))
    assert command.faults == (*struck.faults, Fault(kind="rate-limit", share=0.01))
    (command,) = commands(draft_of(struck), after(struck, *[("stalled answers", -1)] * 9))
    assert command.faults == (slow,)


def simulated(price=RENTED, name="H200 ×4"):
    frame = Fleet(STACKS[:2]).advance(30).frame()
    first, second = frame.backends
    return changed(frame, backends=(changed(first, name=name, url="sim:h200", price=price), second))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_screen(size):
    async with console(simulated(), size=size) as (app, pilot, _):
        await pilot.press("W", "right", "down", "down", "right", "right", "down", "down", "left")
        await pilot.pause(0.05)
        matches_golden(f"what_if_{size[0]}x{size[1]}", text(app))


@pytest.mark.parametrize("tier", [Tier.BLOCK, Tier.ASCII])
async def test_the_screen_in_coarser_glyphs(tier):
    async with console(simulated(), size=(80, 24), tier=tier) as (app, pilot, _):
        await pilot.press("W", "left", "left")
        await pilot.pause(0.05)
        assert tier is not Tier.ASCII or text(app).isascii()
        matches_golden(f"what_if_80x24_{tier}", text(app))


async def test_what_does_not_fit_stays_on_the_screen():
    async with console(simulated()) as (app, pilot, link):
        await pilot.press("W", "left", "left", "enter")
        await pilot.pause(0.05)
        assert "it does not fit: nothing was changed" in text(app)
        assert not [command for command in link.sent if isinstance(command, SetStack)]


async def test_it_is_in_the_palette_for_every_backend():
    async with console(simulated()) as (app, pilot, _):
        await pilot.press("ctrl+p", *"H200 ×4 what")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert "what the model says" in text(app)


async def test_a_hostile_name_is_only_text():
    async with console(simulated(name="\x1b[31mred\x07[bold]")) as (app, pilot, _):
        await pilot.press("W")
        await pilot.pause(0.05)
        assert "\x1b" not in text(app)
        assert "[bold]" in text(app)
