"""Finding, listing and saving profiles."""

import subprocess
import sys
from pathlib import Path

import pytest

from infertop.engine.plan import BackendPlan, RunPlan
from infertop.profiles import library
from infertop.profiles.load import load
from infertop.profiles.problems import ProfileError
from infertop.profiles.schema import BackendEntry, Profile, from_plan, to_plan

MINE = Profile(description="my own", backends=(BackendEntry(name="a", url="http://a/v1", key="env:A_KEY"),))


def test_what_is_saved_is_found_again(config: Path) -> None:
    path = library.save(MINE, "mine")
    assert path == config / "mine.toml"
    assert library.find("mine") == path
    assert load(path) == MINE
    assert library.plan_of("mine") == to_plan(MINE, "mine")
    assert library.plan_of(str(path)) == to_plan(MINE, "mine")
    assert [file.name for file in config.iterdir()] == ["mine.toml"]


def test_a_name_that_is_taken_is_never_overwritten_unasked(config: Path) -> None:
    path = library.save(MINE, "mine")
    other = Profile(backends=(BackendEntry(name="b", url="http://b"),))
    with pytest.raises(ProfileError, match=r"mine\.toml exists already; choose another name"):
        library.save(other, "mine")
    assert load(path) == MINE
    library.save(other, "mine", overwrite=True)
    assert load(path) == other
    assert [file.name for file in config.iterdir()] == ["mine.toml"]


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x.toml", "a b", "é", "x" * 65, "a\n", "-x"])
def test_unsafe_names_are_refused(config: Path, name: str) -> None:
    with pytest.raises(ProfileError, match="a name is made of letters, digits, dots, dashes and underscores"):
        library.save(MINE, name)
    assert not config.exists()


def test_a_plan_that_holds_a_secret_is_not_saved(config: Path) -> None:
    plan = RunPlan(backends=(BackendPlan(name="a", url="http://me:hunter2@a/v1"),))
    with pytest.raises(ProfileError) as error:
        library.save(from_plan(plan), "mine")
    assert "hunter2" not in str(error.value)
    assert not config.exists()


def test_the_users_profiles_win_and_broken_ones_are_listed(config: Path) -> None:
    library.save(MINE, "fleet")
    (config / "broken.toml").write_text("title = 3")
    listed = {entry.name: entry for entry in library.listings()}
    assert library.find("fleet") == config / "fleet.toml"
    assert (listed["fleet"].origin, listed["fleet"].description) == ("yours", "my own")
    assert listed["local"].origin == "built-in"
    assert listed["broken"].problem == "does not load: title: must be text in quotes, not a whole number"
    assert next(iter(listed)) == "broken"


def test_an_unknown_name_suggests_the_nearest(config: Path) -> None:
    with pytest.raises(ProfileError, match=r'^fleeet: no profile has this name; did you mean "fleet"'):
        library.find("fleeet")
    with pytest.raises(ProfileError, match=r"^zzz: no profile has this name; there are cerebras, classification,"):
        library.find("zzz")
    with pytest.raises(ProfileError, match=r"^\./zzz\.toml: no such file"):
        library.find("./zzz.toml")


def test_a_folder_that_cannot_be_written_is_said(config: Path) -> None:
    config.parent.mkdir(parents=True)
    config.write_text("a file where the folder should be")
    with pytest.raises(ProfileError, match=r"mine\.toml: "):
        library.save(MINE, "mine")


def test_profiles_never_load_textual() -> None:
    code = "import sys, infertop.profiles.library; sys.exit('textual' in sys.modules or 'rich' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
