"""Lengths of time as people write them: "90s", "5m", "1h30m", "500ms", or a number of seconds."""

import math
import re

_UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_PATTERN = re.compile("".join(rf"(?:({_NUMBER}){unit})?" for unit in _UNITS_S))


class DurationError(ValueError):
    """A text that is no duration; the text of the error is for a person."""


def parse_duration(value: str | float) -> float:
    """Seconds in `value`.

    Args:
        value: hours, minutes, seconds and milliseconds in that order, each at most once; or plain seconds.

    Raises:
        DurationError: it is something else, or not above 0 and finite.
    """
    seconds = float(value) if isinstance(value, int | float) else _read(value)
    if not 0 < seconds < math.inf:
        raise DurationError("must be above 0")
    return seconds


def _read(text: str) -> float:
    compact = "".join(text.split())
    if re.fullmatch(_NUMBER, compact):
        return float(compact)
    match = _PATTERN.fullmatch(compact)
    if not match or not compact:
        raise DurationError('is not a duration; write "90s", "5m", "1h30m", "500ms" or a number of seconds')
    parts = zip(match.groups(), _UNITS_S.values(), strict=True)
    return math.fsum(float(number) * unit_s for number, unit_s in parts if number)


def format_duration(seconds: float) -> str | float:
    """`seconds` as a person would write it; a bare number where that would lose a fraction."""
    if seconds != int(seconds):
        return seconds
    minutes, whole_seconds = divmod(int(seconds), 60)
    hours, whole_minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (whole_minutes, "m"), (whole_seconds, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count)
