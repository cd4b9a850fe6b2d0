"""Made-up English: grammatical, on one topic, of a wanted length."""

from dataclasses import dataclass
from functools import cache

from ..draws import Draws
from .vocabulary import ENDINGS, OPENINGS, QUESTIONS, TOPICS, Topic

_GAPS = (" ", " ", " ", " ", " ", " ", " ", "\n\n")
_SPARE_SENTENCES = 8
_FULL_SHARE = 0.95
_CUT = "..."


@dataclass(frozen=True, slots=True)
class _Halves:
    """Every first and second half of a sentence on one topic."""

    first: tuple[str, ...]
    second: tuple[str, ...]
    mean_characters: int


@cache
def _halves(topic: Topic) -> _Halves:
    first = tuple(f"{opening} {subject} " for opening in OPENINGS for subject in topic.subjects)
    second = tuple(f"{action}{ending}" for action in topic.actions for ending in ENDINGS)
    mean = sum(map(len, first)) // len(first) + sum(map(len, second)) // len(second)
    return _Halves(first, second, mean)


def pick_topic(draws: Draws) -> Topic:
    """What the next text is about."""
    return draws.pick(TOPICS)


def passage(draws: Draws, topic: Topic, characters: int) -> str:
    """Sentences on `topic`, at most `characters` long and at least 95 % of that, else cut inside a sentence."""
    if characters <= 0:
        return ""
    halves = _halves(topic)
    firsts, seconds = len(halves.first), len(halves.second)
    sentences = [
        halves.first[word % firsts]
        + halves.second[word // firsts % seconds]
        + _GAPS[word // (firsts * seconds) % len(_GAPS)]
        for word in draws.words(characters // halves.mean_characters + _SPARE_SENTENCES)
    ]
    text = "".join(sentences)[:characters]
    full_stop = text.rfind(".", int(len(text) * _FULL_SHARE))
    if full_stop >= 0:
        return text[: full_stop + 1]
    return text[: text.rfind(" ", 0, -len(_CUT))].rstrip(" \n,.") + _CUT


def event(draws: Draws, topic: Topic) -> str:
    """Something that happened, without a capital or a full stop."""
    return f"{draws.pick(topic.subjects)} {draws.pick(topic.actions)}"


def question(draws: Draws, topic: Topic) -> str:
    """A question about something that happened."""
    return draws.pick(QUESTIONS).format(event=event(draws, topic))
