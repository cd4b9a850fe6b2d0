"""How a report writes amounts, intervals and counts."""

from collections.abc import Callable, Iterable

from ....backends.printable import printable
from ....engine.sweep.estimate import Estimate
from ...figures import number, usd


def dollars(value: float) -> str:
    """An amount of money: whole dollars from a hundred on."""
    if value < 0:
        return f"-{dollars(-value)}"
    return f"${value:,.0f}" if value >= 99.5 else usd(value)


def within(of: Estimate, form: Callable[[float], str] = dollars) -> str:
    """An estimate with its interval: "$1,204 ($1,010–$1,390)"; without one where it is known."""
    said, low = form(of.value), form(of.low)
    if not of.bounded:
        return f"{said} ({low} or more)"
    high = form(of.high)
    return said if low == said == high else f"{said} ({low}–{high})"


def part(share: float) -> str:
    """A share of a whole: "62 %", "0.4 %"."""
    if share in {0.0, 1.0}:
        return f"{share:.0%}".replace("%", " %")
    percent = share * 100
    if percent < 0.05 or percent > 99.95:
        return "<0.1 %" if percent < 1 else ">99.9 %"
    return f"{percent:.1f} %" if percent < 1 or percent > 99 else f"{percent:.0f} %"


def count(value: float) -> str:
    """A count of requests or chips: thousands apart."""
    return f"{value:,.0f}" if value >= 99.5 or value == round(value) else number(value)


def maybe(value: float | None, form: Callable[[float], str] = number) -> str:
    """`value` as `form` writes it, a dash where it is not known."""
    return "–" if value is None else form(value)


def name(text: str) -> str:
    """A name that a person gave, in few safe cells."""
    return printable(text, 60)


def sentence(text: str) -> str:
    """`text` with a capital in front and a full stop at the end."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def listed(words: Iterable[str]) -> str:
    """As "a, b and c"."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last
