"""A profile as a form, and back."""

import pytest
from textual.widgets import Checkbox, Input

from infertop.profiles.library import find, listings, plan_of, user_folder
from infertop.profiles.load import load
from infertop.profiles.problems import ProfileError
from infertop.tui.profileform import FORM, filled_in, values_of
from infertop.tui.screens.form import FormApp

from .screen import matches_golden, text


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def profile(name="fleet"):
    return load(find(name))


def names(of):
    return {backend.name for backend in of.backends}


@pytest.mark.parametrize("name", [each.name for each in listings() if each.origin == "built-in"])
def test_a_form_that_nobody_touched_changes_nothing(name):
    before = profile(name)
    assert filled_in(before, values_of(before), names(before), user_folder()) == before


def test_what_is_typed_is_what_it_says():
    before = profile()
    values = values_of(before) | {
        "arrivals.kind": "poisson",
        "arrivals.concurrency": "",
        "arrivals.rate_per_s": "12.5",
    }
    values |= {"run.duration": "90s", "slo.ttft_ms": "500", "title": "12"}
    one = min(names(before))
    made = filled_in(before, values, {one}, user_folder())
    assert (made.arrivals.kind, made.arrivals.rate_per_s, made.slo.ttft_ms, made.title) == (
        "poisson",
        12.5,
        500,
        "12",
    )
    assert names(made) == {one}


def test_every_mistake_is_named():
    before = profile()
    values = values_of(before) | {"run.warmup": "many", "run.budget_usd": "-1"}
    with pytest.raises(ProfileError) as caught:
        filled_in(before, values, names(before), user_folder())
    assert "run.warmup" in str(caught.value)


def test_every_line_has_a_key_of_its_own():
    keys = [line.key for lines in FORM.values() for line in lines]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_form(size):
    app = FormApp(profile(), "fleet", user_folder())
    async with app.run_test(size=size) as pilot:
        await pilot.pause(0.1)
        matches_golden(f"pages/form_{size[0]}x{size[1]}", text(app))


async def test_keys_alone_save_a_new_profile():
    app = FormApp(profile(), "fleet", user_folder())
    async with app.run_test(size=(100, 40)) as pilot:
        assert app.focused.name == "name"
        await pilot.press("end", *["backspace"] * 7, *"mine")
        while app.focused.name != "arrivals.concurrency":
            await pilot.press("tab")
        await pilot.press("end", "backspace", "backspace", "backspace", *"33")
        while not isinstance(app.focused, Checkbox):
            await pilot.press("down")
        await pilot.press("space")
        app.simulate_key("ctrl+s")
    assert app.return_value == user_folder() / "mine.toml"
    plan = plan_of("mine")
    assert plan.arrivals.concurrency == 33
    assert len(plan.backends) == len(profile().backends) - 1


async def test_mistakes_are_said_and_nothing_is_saved():
    app = FormApp(profile(), "fleet", user_folder())
    async with app.run_test(size=(100, 40)) as pilot:
        app.query(Input).first().value = "../evil"
        await pilot.press("ctrl+s")
        await pilot.pause(0.05)
        assert "letters, digits" in text(app)
        await pilot.press("escape")
        await pilot.pause(0.05)
        assert "not saved" in text(app)
        app.simulate_key("escape")
    assert app.return_value is None
    assert not user_folder().exists()


async def test_no_colour_where_none_is_wanted(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    app = FormApp(profile(), "fleet", user_folder())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("tab")
        await pilot.pause(0.1)
        styles = [part.style for strip in app.screen._compositor.render_strips() for part in strip if part.style]
    assert all(colour is None or colour.is_default for style in styles for colour in (style.color, style.bgcolor))
