"""Figures as people read them: three digits, thousands apart, the unit beside them; and as documents hold them."""

from math import isfinite


def six_digits(value: float | None) -> float | None:
    """`value` with six significant digits (histograms know three); None for what JSON has no number for."""
    return float(f"{value:.6g}") if value is not None and isfinite(value) else None


def number(value: float) -> str:
    """Three figures and thousands apart: 0.81, 9.8, 181, 4,812."""
    if value < 0.995:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"


def fine(value: float) -> str:
    """As `number`, with two digits that count below a tenth: 0.0042, 0.24, 181."""
    return f"{value:#.2g}" if 0 < value < 0.0995 else number(value)


def times(ratio: float) -> str:
    """A ratio with as many digits as tell it from 1: 1.04, 3.1, 12."""
    return f"{ratio:.2f}" if ratio < 1.995 else f"{ratio:.1f}" if ratio < 9.95 else f"{ratio:,.0f}"


def usd(value: float) -> str:
    """Dollars, with two digits that count even when it is fractions of a cent: $1,204.50, $0.38, $0.0042."""
    if value >= 0.0995 or value == 0:
        return f"${value:,.2f}"
    return f"${value:#.2g}" if value >= 0.0001 else "<$0.0001"


def share(value: float) -> str:
    """A share as a percentage that never rounds up to all: 98.7 %, 99.99 %, 100 %."""
    if value >= 1:
        return "100 %"
    return f"{value:.1%}".replace("%", " %") if value < 0.9995 else ">99.9 %"


def duration(seconds: float) -> str:
    """Time as a clock of words: 9.4 s, 3 m 20 s, 2 h 05 m."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} m {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} m"
