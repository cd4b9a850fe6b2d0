"""The simulated stacks by name: a word for the usual ones (`h200`), spelled out for all others.

The spelled-out form is `ACCELERATOR[xCHIPS][/MODEL][/PRECISION][/KEY=VALUE…]`, as in
`h100x4/llama-3.3-70b/fp8/replicas=2`. What is left out is the usual: chips, the fewest that hold the model.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from .catalogue import build, usual_precision
from .machines import Machine, MemoryMachine, Power, SramMachine, Tail
from .memory import why_not
from .platforms import DEFAULT_MODEL, PLATFORMS, Platform
from .shapes import Model, models
from .stack import Provenance, Stack

__all__ = [
    "CATALOGUE",
    "CEREBRAS",
    "GROQ",
    "H200",
    "INFERENTIA2",
    "MI300X",
    "STACKS",
    "TPU_V6E",
    "Machine",
    "MemoryMachine",
    "Model",
    "Power",
    "Provenance",
    "SramMachine",
    "Stack",
    "StackError",
    "Tail",
    "find_stack",
]

GRAMMAR: Final = "ACCELERATOR[xCHIPS][/MODEL][/PRECISION][/KEY=VALUE…]"
EXAMPLE: Final = "h100x4/llama-3.3-70b/fp8"

_ALIASES: Final = {"inf2": "inferentia2", "trn2": "trainium2", "groqchip": "groq", "lpu": "groq", "wse-3": "cerebras"}
_OPTIONS: Final = ("batch", "efficiency", "replicas", "static")
_MOST_REPLICAS: Final = 64
_MOST_BATCH: Final = 4096
_MOST_EFFICIENCY: Final = 4.0


class StackError(ValueError):
    """A stack that is not known, makes no sense or does not fit; the message says which, and what would be right."""


CATALOGUE: Final[Mapping[str, Stack]] = {platform.id: build(platform) for platform in PLATFORMS.values()}
"""The usual stack of every accelerator, serving `DEFAULT_MODEL`, by its id."""

H200: Final = CATALOGUE["h200"]
MI300X: Final = CATALOGUE["mi300x"]
TPU_V6E: Final = CATALOGUE["tpu-v6e"]
INFERENTIA2: Final = CATALOGUE["inferentia2"]
GROQ: Final = CATALOGUE["groq"]
CEREBRAS: Final = CATALOGUE["cerebras"]

STACKS: Final = {stack.id: stack for stack in (H200, MI300X, TPU_V6E, INFERENTIA2, GROQ, CEREBRAS)}
"""The demo fleet: one stack of each hardware family, in the order of presentation."""


@lru_cache(maxsize=256)
def find_stack(text: str) -> Stack:
    """The stack that `text` names, its id being `text`; raises StackError."""
    first, *rest = text.lower().split("/")
    platform, chips = _platform(first)
    options: dict[str, float] = {}
    model: Model | None = None
    precision = ""
    for word in rest:
        if "=" in word:
            key, value = _option(word)
            if key in options:
                raise StackError(f"{key} is given twice in {text!r}")
            options[key] = value
        elif model is None and not options:
            model = _model(word)
        elif not precision and not options:
            precision = word
        else:
            raise StackError(f"{word!r} is out of place in {text!r}; the form is {GRAMMAR}")
    served = model or models()[DEFAULT_MODEL]
    precision = precision or usual_precision(platform, served)
    if precision not in served.precisions:
        raise StackError(f"{served.name} is not served in {precision!r}; there is {', '.join(served.precisions)}")
    if not chips:
        chips = platform.chips if served.name == DEFAULT_MODEL else _fewest_chips(platform, served, precision)
    stack = build(
        platform,
        model=served,
        precision=precision,
        chips=chips,
        replicas=int(options.get("replicas", 1)),
        max_batch=int(options.get("batch", 0)),
        efficiency=options.get("efficiency", 1.0),
        static_batching=options.get("static", 0) == 1,
        id=text.lower(),
    )
    if reason := why_not(stack):
        raise StackError(f"{text!r} does not fit: {reason}{_what_fits(platform, served, precision)}")
    return stack


def _platform(word: str) -> tuple[Platform, int]:
    """The accelerator and the number of chips in `tpu-v6ex8`; 0 chips where none is said."""
    named = {**PLATFORMS, **{alias: PLATFORMS[name] for alias, name in _ALIASES.items()}}
    if word in named:
        return named[word], 0
    match = re.fullmatch(r"(.+)x(\d{1,6})", word)
    if match is None or match[1] not in named:
        wanted = match[1] if match else word
        raise StackError(f"no such simulated stack: {wanted!r}{_nearest(wanted, PLATFORMS)}")
    platform, chips = named[match[1]], int(match[2])
    if chips not in platform.sizes:
        raise StackError(
            f"{platform.id} does not come in {chips} chips; a replica has {_sizes(platform)}"
            + (f"; write replicas=N for more: {platform.id}x{platform.sizes[-1]}/…/replicas=2" if chips > 1 else "")
        )
    return platform, chips


def _model(word: str) -> Model:
    if word not in models():
        raise StackError(f"no such model: {word!r}{_nearest(word, models())}")
    return models()[word]


def _option(word: str) -> tuple[str, float]:
    key, _, text = word.partition("=")
    if key not in _OPTIONS:
        raise StackError(f"no such setting: {key!r}{_nearest(key, _OPTIONS)}")
    try:
        value = float(text)
    except ValueError:
        raise StackError(f"{key}={text!r} is not a number") from None
    if key == "efficiency":
        if not 0.05 <= value <= _MOST_EFFICIENCY:
            raise StackError(f"efficiency={text} is out of range; 1 is what was fitted, 0.05 to 4 are possible")
        return key, value
    if key == "static":
        if value not in {0, 1}:
            raise StackError(f"static={text} is neither 1 (a batch is answered whole before the next) nor 0")
        return key, value
    most = _MOST_REPLICAS if key == "replicas" else _MOST_BATCH
    if not 1 <= value <= most or value != int(value):
        raise StackError(f"{key}={text} must be a whole number, 1 to {most:,}")
    return key, value


def _fewest_chips(platform: Platform, model: Model, precision: str) -> int:
    """The smallest size that holds the model; the largest where none does, which then does not fit."""
    for chips in platform.sizes:
        if not why_not(build(platform, model=model, precision=precision, chips=chips)):
            return chips
    return platform.sizes[-1]


def _what_fits(platform: Platform, model: Model, precision: str) -> str:
    def fits(chips: int, precision: str) -> bool:
        return not why_not(build(platform, model=model, precision=precision, chips=chips))

    for chips in platform.sizes:
        if fits(chips, precision):
            return f"; {platform.id}x{chips}/{model.name}/{precision} does"
    return f"; nothing that {platform.id} comes in does"


def _sizes(platform: Platform) -> str:
    if platform.sizes[-1] > 128:
        return f"{platform.sizes[0]}, {platform.sizes[1]}, … {platform.sizes[-1]:,}"
    if len(platform.sizes) > 8:
        return f"{platform.sizes[0]} to {platform.sizes[-1]}"
    return " or ".join([", ".join(map(str, platform.sizes[:-1])), str(platform.sizes[-1])])


def _nearest(word: str, choices: Iterable[str]) -> str:
    names = list(choices)
    near = difflib.get_close_matches(word, names, n=1)
    return f'; did you mean "{near[0]}"?' if near else f"; there are {', '.join(names)}"
