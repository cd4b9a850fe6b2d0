"""What a backend that bills tokens has cost, and what it may still bill at the worst: what a budget must hold.

A request's worst case is set aside before it is sent and released when the bill is known. It stays set aside when a
request ends without one: an answer without usage, a stream that broke, a request abandoned. So whatever the provider
bills in the end, it is no more than `spent` and `at_risk_usd` together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

from ..backends.errors import BackendError
from .cost import ApiPrice, Price, TokenCounts, api_usd, dearest_input_usd_per_m
from .prompts import Prompt

TEMPLATE_TOKENS: Final = 128
"""Most tokens a server's chat template adds to a conversation (gpt-oss adds about 70, Llama 3 about 25)."""

MESSAGE_TOKENS: Final = 16
"""Most tokens it adds to each message."""

_UNITS_A_USD: Final = 10**12


@dataclass(frozen=True, slots=True)
class TokensAsked:
    """Tokens that a request may be billed for."""

    output_tokens: int
    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0


def worst_case(price: ApiPrice, prompt: Prompt, extra: Mapping[str, object]) -> float:
    """The most one request can cost in USD: no tokenizer makes more tokens than there are bytes.

    Args:
        price: of the backend.
        prompt: what is sent.
        extra: fields added to the request's body, which may ask for more than the prompt does.
    """
    messages = prompt.messages
    tokens = sum(len(message.content.encode("utf-8", "replace")) for message in messages)
    tokens += TEMPLATE_TOKENS + MESSAGE_TOKENS * len(messages)
    most_output = max(prompt.max_tokens, *(_number(extra[name]) for name in extra if limits_output(name)), 0)
    answers = max(1, _number(extra.get("n", 1)))
    return tokens * dearest_input_usd_per_m(price) / 1e6 + api_usd(price, TokensAsked(most_output * answers))


class Purse:
    """The money of one backend.

    Args:
        price: without one per token nothing is ever set aside.
        extra: fields added to every request's body.

    Attributes:
        warmup_usd: spent before the window opened.
    """

    def __init__(self, price: Price | None, extra: Mapping[str, object]) -> None:
        self._price = price if isinstance(price, ApiPrice) else None
        self._extra = extra
        self._set_aside = 0  # whole units, so that what is released leaves nothing behind
        self.warmup_usd = 0.0

    @property
    def at_risk_usd(self) -> float:
        """What is set aside."""
        return self._set_aside / _UNITS_A_USD

    def spent_usd(self, tokens: TokenCounts) -> float:
        """What `tokens` cost here; 0 without a price per token."""
        return 0.0 if self._price is None else api_usd(self._price, tokens)

    def worst_usd(self, prompt: Prompt) -> float:
        """The most one request can cost; 0 without a price per token."""
        return 0.0 if self._price is None else worst_case(self._price, prompt, self._extra)

    def set_aside(self, prompt: Prompt) -> None:
        """Before `prompt` is sent."""
        self._set_aside += ceil(self.worst_usd(prompt) * _UNITS_A_USD)

    def release(self, prompt: Prompt, counted: TokenCounts | None, *, billed: bool) -> None:
        """When its request has ended.

        Args:
            prompt: the one it was set aside for.
            counted: the tokens counted for it, which are spent now.
            billed: whether that is what will be billed; else the rest of the worst case stays set aside.
        """
        worst = ceil(self.worst_usd(prompt) * _UNITS_A_USD)
        spent = 0 if counted is None else floor(self.spent_usd(counted) * _UNITS_A_USD)
        self._set_aside -= worst if billed else min(spent, worst)


def may_be_billed(error: BackendError) -> bool:
    """Whether a request that failed without usage may cost something: it left, and was not refused."""
    return error.sent_ns is not None and (error.status is None or error.status < 300)


def limits_output(field: str) -> bool:
    """Whether a field added to a request's body sets how long the answer may be, in any protocol's spelling."""
    field = field.lower()
    return ("max" in field and "tokens" in field) or field.endswith("num_predict")


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
