"""What keeps two backends from being compared like for like, said in words beside every verdict.

Different model, precision, tokenizer, answer lengths, finish reasons, cached prompts, or answers: none of these makes
a latency wrong, and each can make a comparison meaningless. Pure functions of frames; thresholds are stated here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ..backends.providers import plain_model
from .frame import BackendFrame, Likeness

LEAST_ANSWERS: Final = 20
"""Answers a backend needs before its habits are compared."""

LENGTH_RATIO: Final = 1.15
FINISH_SHARE: Final = 0.15
CACHED_SHARE: Final = 0.05
TOKENIZER_RATIO: Final = 1.05
LEAST_LIKENESS: Final = 0.25
LEAST_LIKE_PAIRS: Final = 10

Aspect = Literal["model", "precision", "tokenizer", "answer length", "finish reason", "cached prompts", "answers"]

_PRECISION = re.compile(
    r"(?<![a-z0-9])(nvfp4|mxfp4|fp4|fp8|fp16|bf16|int8|int4|w4a16|w8a8|awq|gptq|bnb|[iq]+\d_\w+|q\d)(?![a-z0-9])"
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One reason for care.

    Attributes:
        aspect: what differs.
        a, b: the backends, by name.
        text: one line for a person.
    """

    aspect: Aspect
    a: str
    b: str
    text: str


def differences(a: BackendFrame, b: BackendFrame, likeness: Likeness | None = None) -> list[Difference]:
    """Everything that is known to differ between two backends, the gravest first."""
    found: list[tuple[Aspect, str]] = []
    model_a, model_b = _model(a), _model(b)
    if model_a and model_b and model_a != model_b:
        found.append(("model", f"{_served(a)} vs {_served(b)}"))
    precision_a, precision_b = precision(_served(a)), precision(_served(b))
    if precision_a != precision_b:
        found.append(("precision", f"{precision_a or 'not stated'} vs {precision_b or 'not stated'}"))
    if min(a.finished, b.finished) >= LEAST_ANSWERS:
        found += _habits(a, b)
    if likeness is not None and likeness.n >= LEAST_LIKE_PAIRS and likeness.total / likeness.n < LEAST_LIKENESS:
        found.append(("answers", f"agree on the first {likeness.total / likeness.n:.0%} of words only"))
    return [Difference(aspect, a.name, b.name, f"{aspect}: {text}") for aspect, text in found]


def all_differences(backends: Sequence[BackendFrame], likenesses: Sequence[Likeness]) -> list[Difference]:
    """The differences of every pair, in the order of the backends."""
    known = {(each.a, each.b): each for each in likenesses}
    return [
        difference
        for at, a in enumerate(backends)
        for b in backends[at + 1 :]
        for difference in differences(a, b, known.get((a.name, b.name)))
    ]


def precision(model: str) -> str:
    """The weight format a model's name states ("fp8", "q4_k_m"), "" if none."""
    found = _PRECISION.search(model.lower())
    return found.group(1) if found else ""


def prompt_characters_per_token(backend: BackendFrame) -> float | None:
    """How many characters of prompt the server counts as a token; the same prompts make this a tokenizer's mark."""
    if not backend.usage_requests or not backend.input_tokens or backend.estimated_requests:
        return None
    return backend.prompt_characters / backend.input_tokens


def same_tokenizer(a: BackendFrame, b: BackendFrame) -> bool | None:
    """Whether two backends cut the same prompts into equally many tokens; None while that is not known."""
    one, other = prompt_characters_per_token(a), prompt_characters_per_token(b)
    return None if one is None or other is None else _ratio(one, other) <= TOKENIZER_RATIO


def _habits(a: BackendFrame, b: BackendFrame) -> list[tuple[Aspect, str]]:
    found: list[tuple[Aspect, str]] = []
    if same_tokenizer(a, b) is False:
        one, other = prompt_characters_per_token(a), prompt_characters_per_token(b)
        found.append(("tokenizer", f"{one:.2f} vs {other:.2f} characters a token; compare characters, not tokens"))
    long_a, long_b = a.characters / a.finished, b.characters / b.finished
    if _ratio(long_a, long_b) > LENGTH_RATIO:
        found.append(("answer length", f"{long_a:,.0f} vs {long_b:,.0f} characters an answer"))
    for reason in sorted({*a.finish_reasons, *b.finish_reasons}):
        share_a = a.finish_reasons.get(reason, 0) / a.finished
        share_b = b.finish_reasons.get(reason, 0) / b.finished
        if abs(share_a - share_b) > FINISH_SHARE:
            found.append(("finish reason", f"{reason or 'none'} in {share_a:.0%} vs {share_b:.0%} of answers"))
            break
    if a.input_tokens and b.input_tokens:
        cached_a, cached_b = a.cached_tokens / a.input_tokens, b.cached_tokens / b.input_tokens
        if abs(cached_a - cached_b) > CACHED_SHARE:
            found.append(("cached prompts", f"{cached_a:.0%} vs {cached_b:.0%} of prompt tokens came from a cache"))
    return found


def _ratio(a: float, b: float) -> float:
    """The larger over the smaller; 1 when both are nothing."""
    low, high = sorted((a, b))
    return 1.0 if high == low else high / low if low > 0 else float("inf")


def _served(backend: BackendFrame) -> str:
    return backend.served_model or backend.model


def _model(backend: BackendFrame) -> str:
    """A model's name without its owner and precision, for comparison only."""
    return plain_model(_PRECISION.sub("", _served(backend).lower().removesuffix(".gguf")).strip("-_. "))
