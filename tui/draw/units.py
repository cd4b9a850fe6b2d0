"""Numbers as people read them, each in a fixed number of cells so that nothing on the screen jumps."""

from typing import Final

DURATION_WIDTH: Final = 7
COUNT_WIDTH: Final = 6
RATE_WIDTH: Final = 6
USD_WIDTH: Final = 6
NOTHING: Final = "–"

_TIME_UNITS: Final = (("µs", 1e3), ("ms", 1e6), ("s ", 1e9))
_BIG: Final = (("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12))


def _three_digits(value: float) -> str:
    """`value` < 9999.5 with three significant digits, in at most 4 cells."""
    if value < 9.995:
        return f"{value:.2f}"
    if value < 99.95:
        return f"{value:.1f}"
    return f"{value:.0f}"


def duration(ns: float | None) -> str:
    """A duration in 7 cells, unit and digits aligned: ` 402 µs`, `9.81 ms`, ` 1.24 s `."""
    if ns is None:
        return f"{NOTHING:>4}   "
    for unit, size in _TIME_UNITS:
        if ns / size < 999.5:
            return f"{_three_digits(ns / size):>4} {unit}"
    return f"{min(ns / 1e9, 9999):>4.0f} s "


def _with_suffix(value: float, digits: int) -> str:
    """`value` with `digits` significant digits and a suffix, in at most `digits` + 2 cells."""
    for suffix, size in _BIG:
        scaled = value / size
        whole = len(f"{scaled:.0f}")
        if whole <= 3 and len(f"{scaled:.{digits - whole}f}") <= digits + 1:
            return f"{scaled:.{digits - whole}f}{suffix}"
    return ">999T"


def count(value: float) -> str:
    """A count in 6 cells: `  2,318`'s digits up to 99,999, then `123.4k`."""
    text = f"{value:,.0f}" if value < 99_999.5 else _with_suffix(value, 4)
    return f"{text:>6}"


def rate(per_s: float | None) -> str:
    """Tokens or requests per second in 6 cells: ` 4,812`, `  38.2`, `  3.84`."""
    if per_s is None:
        return f"{NOTHING:>6}"
    return f"{_three_digits(per_s):>6}" if per_s < 99.95 else count(per_s)


def usd(value: float | None) -> str:
    """An amount of money in 6 cells: `$0.038`, ` $0.38`, `$12.40`, `$1,234`, `$12.3k`."""
    if value is None:
        return f"{NOTHING:>6}"
    if value == 0:
        text = "$0.00"
    elif value < 0.0005:
        text = "<$.001"
    elif value < 0.0995:
        text = f"${value:.3f}"
    elif value < 99.995:
        text = f"${value:.2f}"
    elif value < 9_999.5:
        text = f"${value:,.0f}"
    else:
        text = "$" + _with_suffix(value, 3)
    return f"{text:>6}"


def joules(value: float | None) -> str:
    """Joules or watts in 6 cells: ` 0.041`, `  0.24`, `  38.2`, ` 4,812`, `12.3k`."""
    if value is None:
        return f"{NOTHING:>6}"
    if value < 0.0005:
        return f"{'<0.001' if value > 0 else '0.00':>6}"
    return f"{value:>6.3f}" if value < 0.0995 else rate(value)


def ratio(value: float) -> str:
    """How many times: `1.04×`, `3.1×`, `12×`; as short as it reads."""
    digits = 2 if value < 1.995 else 1 if value < 9.95 else 0
    return f"{value:.{digits}f}×"


def clock(ns: int) -> str:
    """Elapsed time: `12:04`, `1:02:04`."""
    minutes, seconds = divmod(ns // 1_000_000_000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def percent(share: float | None) -> str:
    """A share in 6 cells: ` 98.4%`."""
    return f"{NOTHING:>6}" if share is None else f"{share:>6.1%}"
