"""What the simulated model says and how long: the same for the same seed and prompt on every stack."""

import hashlib
import math
import re
from itertools import accumulate
from statistics import NormalDist
from typing import Final

_SENTENCES: Final = (
    "This answer was written by nobody.",
    "It comes from a simulated server, which waits as long as the modelled hardware would and then sends words.",
    "Its pace follows a cost model: every step reads all the weights, then the keys and values of each request.",
    "A long prompt that arrives in between makes everyone wait, and a full batch makes newcomers queue.",
    "What you measure here says something about the model and about your client, and nothing about any product.",
    "The words themselves mean little; only their number and the moments of their arrival were thought about.",
    "Real hardware has moods that no table holds, so treat these figures as a rehearsal and not as the concert.",
    "When the numbers matter, point the same console at the real endpoint and run the same prompts again.",
)

PIECES: Final = tuple(re.findall(r" ?[A-Za-z]{1,6}|[^A-Za-z ]", " " + " ".join(_SENTENCES)))
"""The text in pieces of a token each, plain ASCII that needs no escaping in JSON."""

_TEXT: Final = "".join(PIECES)
_PLACES: Final = tuple(accumulate(map(len, PIECES), initial=0))
_STARTS: Final = tuple(i + 1 for i, piece in enumerate(PIECES) if piece == ".")

CHARACTERS_PER_TOKEN: Final = 4
_MEDIAN_TOKENS: Final = 200
_SIGMA: Final = 0.7
_MOST_TOKENS: Final = 2048
_NORMAL: Final = NormalDist()
_MARK: Final = re.compile(r"[0-9a-f]{12}: ")


def count_tokens(text: str) -> int:
    """Tokens of a prompt: a quarter of its characters, at least one."""
    return max(1, math.ceil(len(text) / CHARACTERS_PER_TOKEN))


def known_by(prompt: str) -> str:
    """What of a prompt decides what becomes of it.

    One that begins with twelve hexadecimal digits and a colon, as those do that are made unique, is known by them: so
    a simulation need not write it to know its answer, and which faults strike it.
    """
    mark = _MARK.match(prompt)
    return mark.group() if mark else hashlib.blake2b(prompt.encode(errors="surrogatepass"), digest_size=8).hexdigest()


def answer_plan(seed: int, prompt: str) -> tuple[int, int]:
    """Where in the text the answer to `prompt` starts, and how many tokens it would like to have.

    Lengths are lognormal (median 200, σ 0.7, at most 2,048): between the means of 350 of the ML.ENERGY chat runs
    and the median of 129 of the Azure 2023 conversations.
    """
    digest = hashlib.blake2b(f"{seed}/{known_by(prompt)}".encode(), digest_size=8).digest()
    start, length = int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")
    tokens = round(_MEDIAN_TOKENS * math.exp(_SIGMA * _NORMAL.inv_cdf((length + 0.5) / 2**32)))
    return _STARTS[start % len(_STARTS)] % len(PIECES), min(max(1, tokens), _MOST_TOKENS)


def answer_text(start: int, tokens: int) -> str:
    """`tokens` pieces from position `start` on, around and around."""
    rounds, first = divmod(start, len(PIECES))
    more, last = divmod(start + tokens, len(PIECES))
    if rounds == more:
        return _TEXT[_PLACES[first] : _PLACES[last]]
    return _TEXT[_PLACES[first] :] + _TEXT * (more - rounds - 1) + _TEXT[: _PLACES[last]]
