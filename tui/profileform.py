"""A profile as lines of a form, and back: what is typed is checked as a profile's own text is."""

import tomllib
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tomli_w

from ..profiles.load import dump, parse
from ..profiles.schema import Profile


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the form.

    Attributes:
        key: in the profile, table and key.
        title: what it is called.
        hint: what may be written there; every line may be left empty.
        words: whether it is text, though it may look like a number.
    """

    key: str
    title: str
    hint: str
    words: bool = False


FORM: Final = {
    "profile": (
        Line("title", "title", "in the console's first line", words=True),
        Line("description", "description", "in the list of profiles", words=True),
    ),
    "workload": (
        Line("workload.source", "prompts", "chat, rag, code, … a file, or chat:0.7+rag:0.3", words=True),
        Line("workload.max_tokens", "max tokens", "most output tokens of an answer"),
        Line("workload.prefix", "prefix", "unique, or shared to invite caches", words=True),
        Line("workload.prompt_cv", "prompt cv", "0: equal lengths; empty: as the workload has"),
    ),
    "load": (
        Line("arrivals.kind", "kind", "closed constant poisson gamma ramp", words=True),
        Line("arrivals.concurrency", "concurrency", "closed: prompts at once"),
        Line("arrivals.rate_per_s", "rate /s", "the others: prompts a second"),
        Line("arrivals.cv", "cv", "gamma: 1 is Poisson, above it bursts"),
        Line("arrivals.ramp_to_per_s", "ramp to /s", "ramp: the last rate"),
        Line("arrivals.ramp_over", "ramp over", "ramp: how long it takes, 60s", words=True),
    ),
    "what a good answer is": (
        Line("slo.ttft_ms", "TTFT ms", "to the first token, at most"),
        Line("slo.tpot_ms", "TPOT ms", "for each output token, at most"),
        Line("slo.e2e_ms", "E2E ms", "for the whole answer, at most"),
        Line("slo.attainment", "attainment", "0.99 makes it a gate (exit 3)"),
    ),
    "run": (
        Line("run.duration", "duration", "60s, 5m, 1h30m; empty: until told", words=True),
        Line("run.requests", "requests", "prompts to each; empty: no end"),
        Line("run.warmup", "warm-up", "prompts to each before measuring"),
        Line("run.budget_usd", "budget $", "stops before it is passed"),
        Line("run.seed", "seed", "the same seed, the same prompts"),
    ),
}
"""Lines by heading. Keys of a profile that stand in no line stay as they are."""


def values_of(profile: Profile) -> dict[str, str]:
    """What `profile` says in each line of the form, "" where it leaves it out."""
    document = tomllib.loads(dump(profile))
    made = {}
    for lines in FORM.values():
        for line in lines:
            value: Any = document
            for word in line.key.split("."):
                value = value.get(word, "") if isinstance(value, dict) else ""
            made[line.key] = str(value)
    return made


def filled_in(profile: Profile, values: Mapping[str, str], kept: Collection[str], folder: Path) -> Profile:
    """`profile` as the form says, with those of its backends whose names are `kept`.

    Args:
        profile: says what no line of the form says.
        values: by key of a line.
        kept: names of backends.
        folder: of the profile, where its files of prompts are.

    Raises:
        ProfileError: it makes no sense; every problem is named.
    """
    document = tomllib.loads(dump(profile))
    for lines in FORM.values():
        for line in lines:
            _put(document, line, values.get(line.key, "").strip())
    document["backends"] = [each for each in document.get("backends", ()) if each["name"] in kept]
    return parse(tomli_w.dumps(document), "this profile", folder)


def _put(document: dict[str, Any], line: Line, text: str) -> None:
    *tables, key = line.key.split(".")
    place = document
    for table in tables:
        place = place.setdefault(table, {})
    if text:
        place[key] = text if line.words else _number(text)
    else:
        place.pop(key, None)


def _number(text: str) -> int | float | str:
    """The number that `text` is, or `text`, which will be said to be none."""
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text
