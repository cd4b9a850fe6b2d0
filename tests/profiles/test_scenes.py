"""Walkthroughs as people write them: what loads, and every typical mistake told in words."""

from pathlib import Path
from typing import get_args

import pytest

from infertop.profiles.problems import ProfileError
from infertop.profiles.scenes import METRICS, PanelName, load_walkthrough
from infertop.profiles.walkthrough_library import find_walkthrough, listed_walkthroughs, walkthroughs_folder
from infertop.tui.metrics import CYCLE
from infertop.tui.view import PANELS

GOOD = """
[[backends]]
name = "A"
sim = "h200"

[[scenes]]
title = "One"
lasts = "20s"
caption = "Look."
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace('sim = "h200"', 'url = "http://a:8000/v1"'), "backends[0]: a walkthrough plays on simulated"),
        (GOOD.split("[[scenes]]", maxsplit=1)[0], "scenes: there are none; add a [[scenes]] table"),
        (GOOD.replace("Look.", ""), "scenes[0].caption: must say something"),
        (GOOD.replace("Look.", "x" * 500), "scenes[0].caption: has 500 characters; 400 are read in passing"),
        (GOOD.replace("20s", "soon"), "scenes[0].lasts: is not a duration"),
        (GOOD + "camra = 1", "scenes[0].camra: unknown key"),
        (GOOD + 'panels = ["heatt"]', 'scenes[0].panels[0]: "heatt" is not one of'),
        (GOOD + 'metric = "TTF"', "scenes[0].metric: no such metric; there are TTFT"),
        (GOOD + 'workload = "chatt"', "scenes[0].workload: no such workload, nor a file of prompts"),
        (GOOD + "rate_per_s = 3", "scenes[0].rate_per_s: the profile's arrivals have no rate"),
        (GOOD + "concurrency = 0", "scenes[0].concurrency: must be above 0"),
        (GOOD + 'backend = "B"', "scenes[0].backend: no backend has this name; there are A"),
        (GOOD + 'figures = [{ backend = "A", shows = "p42" }]', 'scenes[0].figures[0].shows: "p42" is not one of'),
        (GOOD + 'faults = [{ backend = "A", kind = "stall", share = 2 }]', "scenes[0].faults[0]: share is a part"),
        (
            GOOD + 'faults = [{ backend = "A", kind = "cold", for_s = 3 }]',
            "scenes[0].faults[0]: it lasts until faults are stated anew",
        ),
        (GOOD + 'stacks = [{ backend = "A", stack = "h900" }]', "scenes[0].stacks[0].stack:"),
        (
            GOOD + 'stacks = [{ backend = "A", stack = "h100/llama-3.1-8b" }]',
            "scenes[0].stacks[0].stack: A serves another model than llama-3.1-8b",
        ),
        (GOOD + "[[scenes.then]]\nconcurrency = 2", "scenes[0].then[0].after: is missing"),
        (GOOD + '[[scenes.then]]\nafter = "30s"', "scenes[0].then[0].after: must come after the moment before"),
        (GOOD + '[run]\nduration = "5s"', "run: the scenes say how long it lasts"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ProfileError) as error:
        load_walkthrough(written(tmp_path, text))
    assert said in str(error.value)


def test_all_panels_and_metrics_of_the_console_can_be_named() -> None:
    assert get_args(PanelName) == PANELS
    assert tuple(metric.title for metric in CYCLE) == METRICS


def test_a_file_of_prompts_is_looked_for_beside_the_walkthrough(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("hello\n", encoding="utf-8")
    made = load_walkthrough(written(tmp_path, GOOD + 'workload = "mine.txt"\n'))
    assert made.scenes[0].workload == str(tmp_path / "mine.txt")


def test_one_of_the_user_is_found_by_name_and_a_broken_one_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    walkthroughs_folder().mkdir(parents=True)
    (walkthroughs_folder() / "mine.toml").write_text(GOOD, encoding="utf-8")
    (walkthroughs_folder() / "broken.toml").write_text("scenes = 3", encoding="utf-8")
    assert load_walkthrough(find_walkthrough("mine")).scenes[0].title == "One"
    found = {each.name: each for each in listed_walkthroughs()}
    assert found["broken"].description.startswith("does not load")
    assert found["tour"].scenes == 5
    with pytest.raises(ProfileError, match="did you mean"):
        find_walkthrough("tuor")
