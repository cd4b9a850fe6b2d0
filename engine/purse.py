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


def most_tokens(prompt: Prompt, extra: Mapping[str, object]) -> TokensAsked:
    """The most tokens one request can be billed for: no tokenizer makes more of them than there are bytes.

    Args:
        prompt: what is sent.
        extra: fields added to the request's body, which may ask for more than the prompt does.
    """
    messages = prompt.messages
    size = sum(len(message.content.encode("utf-8", "replace")) for message in messages)
    most_output = max(prompt.max_tokens, *(_number(extra[name]) for name in extra if limits_output(name)), 0)
    answers = max(1, _number(extra.get("n", 1)))
    return TokensAsked(most_output * answers, most_input_tokens(size, len(messages)))


def most_input_tokens(size: int, messages: int) -> int:
    """The most tokens that `messages` of `size` bytes in all can be."""
    return size + TEMPLATE_TOKENS + MESSAGE_TOKENS * messages


def worst_usd(price: ApiPrice, most: TokensAsked) -> float:
    """The most that `most` can cost, whatever a cache does with it."""
    return most.input_tokens * dearest_input_usd_per_m(price) / 1e6 + api_usd(price, TokensAsked(most.output_tokens))


class Purse:
    """The money of one backend that bills tokens; with another price, or none, nothing is ever set aside.

    Attributes:
        price: of its tokens; None where it bills none.
        warmup_usd: spent before the window opened.
    """

    def __init__(self, price: Price | None) -> None:
        self.price = price if isinstance(price, ApiPrice) else None
        self._set_aside = 0  # whole units, so that what is released leaves nothing behind
        self._under_way: dict[int, tuple[TokensAsked, int]] = {}
        self.warmup_usd = 0.0

    @property
    def at_risk_usd(self) -> float:
        """What is set aside."""
        return self._set_aside / _UNITS_A_USD

    def become(self, price: Price | None) -> None:
        """Have another price: the worst case of what is under way is another too."""
        self.price = price if isinstance(price, ApiPrice) else None
        for index, (most, units) in self._under_way.items():
            worst = self._worst(most)
            self._set_aside += worst - units
            self._under_way[index] = most, worst

    def worst_usd(self, most: TokensAsked) -> float:
        """The most one request can cost; 0 without a price per token."""
        return 0.0 if self.price is None else worst_usd(self.price, most)

    def _worst(self, most: TokensAsked) -> int:
        return ceil(self.worst_usd(most) * _UNITS_A_USD)

    def set_aside(self, index: int, most: TokensAsked) -> None:
        """Before prompt `index`, which can be billed for `most`, is sent; only where tokens are billed."""
        worst = self._worst(most)
        self._set_aside += worst
        self._under_way[index] = most, worst

    def release(self, index: int, counted: TokenCounts | None, *, billed: bool) -> None:
        """When its request has ended.

        Args:
            index: of the prompt it was set aside for.
            counted: the tokens counted for it, which are spent now.
            billed: whether that is what will be billed; else the rest of the worst case stays set aside.
        """
        kept = self._under_way.pop(index, None)
        if kept is None:  # it was sent while tokens cost nothing
            return
        released = kept[1]
        if not billed:
            spent_usd = 0.0 if counted is None or self.price is None else api_usd(self.price, counted)
            released = min(floor(spent_usd * _UNITS_A_USD), released)
        self._set_aside -= released


def may_be_billed(error: BackendError) -> bool:
    """Whether a request that failed without usage may cost something: it left, and was not refused."""
    return error.sent_ns is not None and (error.status is None or error.status < 300)


def limits_output(field: str) -> bool:
    """Whether a field added to a request's body sets how long the answer may be, in any protocol's spelling."""
    field = field.lower()
    return ("max" in field and "tokens" in field) or field.endswith("num_predict")


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
