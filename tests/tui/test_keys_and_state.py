"""Keys on other keys, settings with mistakes in them, and how the console was left."""

from itertools import chain
from pathlib import Path

import pytest

from infertop.tui.config import default_path as config_path
from infertop.tui.config import load_keys
from infertop.tui.elsewhere import ELSEWHERE
from infertop.tui.keys import KEYS, BadKeyError, Keys
from infertop.tui.replay import replay_keys
from infertop.tui.usage import UsageError
from infertop.tui.view import PANELS, WANTED_FIRST
from infertop.tui.viewstate import VERSION, ViewState, default_path

from .frames import STACKS, Fleet
from .screen import console, text


def bound(keys):
    return {str(binding.id): binding.key for binding in keys.bindings}


def test_an_id_can_be_put_on_other_keys():
    keys = Keys.rebound({"freeze": "f2, ctrl+k", "panel-heat": "H", "quit": "Q"})
    assert bound(keys)["freeze"] == "f2,ctrl+k"
    assert bound(keys)["metric-next"] == "tab"
    assert dict(keys.hints("board"))["Q"] == "quit"
    assert dict(keys.hints("board"))["f2"] == "freeze"


def test_every_page_says_how_to_leave_it_and_how_to_turn_to_others():
    assert {("esc", "back"), ("a", "another a"), ("←/→", "another b")} <= set(Keys().hints("compare"))
    assert {("esc", "back"), ("←/→", "another one")} <= set(Keys().hints("depth"))
    moved = Keys.rebound({"back": "B", "compare-first": "f2"})
    assert {("B", "back"), ("f2", "another a")} <= set(moved.hints("compare"))
    assert {("esc", "back"), ("h/l", "another b")} <= set(replay_keys(Keys()).hints("compare"))


def test_two_ids_can_swap_keys():
    keys = bound(Keys.rebound({"reset": "w", "workload": "r"}))
    assert (keys["reset"], keys["workload"]) == ("w", "r")


def test_signs_mean_the_keys_that_send_them():
    assert bound(Keys.rebound({"reset": "@"}))["reset"] == "at"
    assert bound(Keys.rebound({"reset": "}"}))["reset"] == "right_curly_bracket"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"freze": "x"}, 'freze: nothing has this id; did you mean "freeze"'),
        ({"freeze": "hyperspace"}, "freeze: 'hyperspace' is no key"),
        ({"freeze": "ctl+x"}, "freeze: 'ctl+x' is no key"),
        ({"freeze": "x,,y"}, "freeze: '' is no key"),
        ({"freeze": "q"}, "is the key of freeze too; give freeze another one"),
        ({"freeze": "ctrl+c"}, "is the key of quit too; give quit another one"),
        ({"help-clos": "x"}, 'did you mean "help-close"'),
        ({"form-save": "ctrl+c"}, "is the key of quit too"),
        ({"filter-leave": "enter"}, "is the key of filter-leave too; give filter-leave another one"),
        ({"session-take": "t"}, "session-take: 't' is typed there; write one such as f2"),
        ({"form-next": "space"}, "form-next: 'space' is typed there"),
        ({"filter-keep": "plus"}, "filter-keep: 'plus' is typed there"),
    ],
)
def test_mistakes_name_the_id_and_what_would_be_right(wanted, words):
    with pytest.raises(BadKeyError) as caught:
        Keys.rebound(wanted)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[keys\n", "config.toml: "),
        ("[kesy]\nfreeze = 'x'\n", '[kesy] is not known; did you mean "keys"'),
        ("keys = 3\n", "keys is a table"),
        ("[keys]\nfreeze = 3\n", "keys.freeze takes a key in quotes"),
        ("[keys]\nfreeze = ''\n", "keys.freeze takes a key in quotes"),
        ("[keys]\n'a\\u001b[31m' = 'x'\n", "nothing has this id"),
    ],
)
def test_settings_with_a_mistake_name_file_and_key(tmp_path, content, words):
    path = tmp_path / "config.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_keys(path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_the_users_own_settings_are_read_where_there_are_any(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert load_keys(None) is None
    config_path().parent.mkdir(parents=True)
    config_path().write_text('[keys]\nfreeze = "f2"\n', encoding="utf-8")
    assert bound(load_keys(None))["freeze"] == "f2"
    with pytest.raises(UsageError, match="no such file"):
        load_keys(tmp_path / "other.toml")


def test_the_page_about_the_console_names_every_id():
    page = (Path(__file__).parents[2] / "docs" / "console.md").read_text(encoding="utf-8")
    spanned = ("panel-", "focus-")
    bindings = [*KEYS, *chain.from_iterable(ELSEWHERE.values())]
    alone = [binding.id for binding in bindings if not binding.id.startswith(spanned)]
    assert [name for name in alone if f"`{name}`" not in page] == []


async def test_rebound_keys_work_and_the_old_ones_do_not():
    frame = Fleet(STACKS[:2]).advance(5).frame()
    async with console(frame, keys=Keys.rebound({"freeze": "f2", "theme": "T"})) as (app, pilot, _):
        await pilot.press("space")
        assert "FROZEN" not in text(app)
        await pilot.press("f2")
        await pilot.pause(0.02)
        assert "FROZEN" in text(app)
        assert "f2 freeze" in text(app)
        await pilot.press("question_mark")
        await pilot.pause(0.1)
        assert "f2  freeze the picture" in text(app)


async def test_what_is_shown_is_remembered(tmp_path):
    path, frame = tmp_path / "state" / "view.toml", Fleet(STACKS[:4]).advance(5).frame()
    async with console(frame, state=ViewState(path)) as (app, pilot, _):
        await pilot.press("1", "6", "8", "t", "]", "z", "o")
        before = text(app)
    again = ViewState(path)
    assert again.wanted[0] == "server"
    assert "cards" not in again.wanted
    assert (again.theme, again.hz, again.only, again.span_s) == ("infertop-light", 5, True, 10)
    async with console(frame, state=again) as (app, pilot, _):
        assert app.theme == "infertop-light"
        assert text(app).splitlines()[2:-1] == before.splitlines()[2:-1]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00garbage",
        b"[[[",
        b"version = 99\npanels = ['heat']\n",
        b"version = 1\npanels = 'heat'\ntheme = 7\nrefresh_hz = 'fast'\n",
        b"version = 1\ntheme = 'nobody'\nrefresh_hz = 9000\nonly = 'yes'\ncolumn_s = -1\n",
    ],
)
def test_a_strange_file_counts_as_none(tmp_path, content):
    path = tmp_path / "view.toml"
    path.write_bytes(content)
    state = ViewState(path)
    assert (state.wanted, state.theme, state.hz) == (WANTED_FIRST, "infertop-dark", 4)
    assert (state.only, state.span_s) == (False, 1)


def test_panels_nobody_knows_are_left_out(tmp_path):
    path = tmp_path / "view.toml"
    path.write_text(f"version = {VERSION}\npanels = ['heat', 'ghosts', 3, 'heat', 'cards']\n", encoding="utf-8")
    assert ViewState(path).wanted == ("heat", "cards")


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    ViewState(tmp_path / "file" / "view.toml").save()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_it_lies_where_state_lies_and_not_among_profiles(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_path() == tmp_path / "infertop" / "view.toml"


def test_every_panel_has_a_digit():
    assert [bound(Keys())[f"panel-{panel}"] for panel in PANELS] == list("123456789")
    assert len(KEYS) == len({binding.id for binding in KEYS})
