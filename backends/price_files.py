"""Price lists as CSV files, ours and the user's: read, checked, and complained of line by line."""

import csv
import math
import re
from collections.abc import Iterator, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Final, NamedTuple, get_type_hints

import msgspec

from .printable import printable

_DATE: Final = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", re.ASCII)
_MOST_PROBLEMS: Final = 10


class ApiRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider bills for a model, in USD per million tokens.

    Attributes:
        provider: short name ("groq").
        model: its plain name (`providers.plain_model`).
        tier: "batch", "flex", "priority"; "" is the usual one.
        usd_per_m_cached, usd_per_m_cache_write: input read from or written to a cache; None is the input price.
        status: "current", or what became of it ("retired 2026-08-16").
        as_of: when the source said so, as YYYY, YYYY-MM or YYYY-MM-DD; "" is not known.
    """

    provider: str
    model: str
    tier: str = ""
    usd_per_m_input: float
    usd_per_m_output: float
    usd_per_m_cached: float | None = None
    usd_per_m_cache_write: float | None = None
    status: str = "current"
    as_of: str = ""
    source: str = ""


class HourRow(msgspec.Struct, frozen=True, kw_only=True):
    """What an hour of one chip costs, in USD.

    Attributes:
        seller: who rents it out; "colocation" is a model of what owning costs.
        terms: "on demand", "spot …", "3 years" …
        status, as_of: as `ApiRow`'s; "modelled" and "unverified" are other states.
    """

    accelerator: str
    seller: str
    usd_per_chip_hour: float
    terms: str = "on demand"
    status: str = "current"
    as_of: str = ""
    source: str = ""


class Rows(NamedTuple):
    """A price list: one of the two kinds of rows, the other empty."""

    api: tuple[ApiRow, ...] = ()
    hour: tuple[HourRow, ...] = ()


class PriceFileError(ValueError):
    """A price list that cannot be used; the message names the file, the lines and what would be right."""


def parse(text: str, origin: str) -> Rows:
    """The price list in CSV `text`, whose header tells which kind it is; raises PriceFileError."""
    origin = printable(origin)
    lines = [(at, row) for at, row in enumerate(csv.reader(text.splitlines()), 1) if row]
    if not lines:
        raise PriceFileError(f"{origin}: is empty; its first line names the columns")
    columns = [name.strip() for name in lines[0][1]]
    kind: type[ApiRow | HourRow] = HourRow if "usd_per_chip_hour" in columns else ApiRow
    problems = [f"{origin}, line 1: {problem}" for problem in _column_problems(columns, kind)]
    if len(lines) == 1:
        problems.append(f"{origin}: has no rows")
    made = []
    for at, row in lines[1:] if not problems else ():
        values = dict(zip(columns, (value.strip() for value in row), strict=False))
        found = [f"{origin}, line {at}: {problem}" for problem in _row_problems(values, len(row), columns, kind)]
        problems += found
        if not found:
            given = {name: _value(name, value) for name, value in values.items() if value}
            made.append(msgspec.convert(given, kind))
    if problems:
        more = f"\n  and {len(problems) - _MOST_PROBLEMS} more" if len(problems) > _MOST_PROBLEMS else ""
        raise PriceFileError("\n  ".join(problems[:_MOST_PROBLEMS]) + more)
    api = tuple(row for row in made if isinstance(row, ApiRow))
    return Rows(api, tuple(row for row in made if isinstance(row, HourRow)))


def first_day(as_of: str) -> date | None:
    """The first day of a date, month or year (YYYY-MM-DD, YYYY-MM, YYYY); None if it is none."""
    parts = _DATE.fullmatch(as_of)
    try:
        return date(*(int(part or 1) for part in parts.groups())) if parts else None
    except ValueError:
        return None


def _needed(kind: type[ApiRow | HourRow]) -> list[str]:
    return [field.name for field in msgspec.structs.fields(kind) if field.required]


def _column_problems(columns: Sequence[str], kind: type[ApiRow | HourRow]) -> Iterator[str]:
    known = list(get_type_hints(kind))
    for name in columns:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            yield f"no column is called {printable(name, 40)!r}; {hint}"
    if missing := [name for name in _needed(kind) if name not in columns]:
        yield f"lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
    if len(set(columns)) < len(columns):
        yield "names a column twice"


def _row_problems(
    values: dict[str, str], width: int, columns: Sequence[str], kind: type[ApiRow | HourRow]
) -> Iterator[str]:
    if width != len(columns):
        yield f"has {width} values for {len(columns)} columns (quote a value that holds a comma)"
        return
    for name, value in values.items():
        shown = repr(printable(value, 40))
        if name in _needed(kind) and not value:
            yield f"{name} is missing"
        elif name.startswith("usd_") and value and _number(value) is None:
            yield f"{name}: {shown} is not an amount of USD, from 0 up"
        elif name == "as_of" and value and first_day(value) is None:
            yield f"as_of: {shown} is not a date: write YYYY-MM-DD, YYYY-MM or YYYY"


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < math.inf else None


def _value(name: str, text: str) -> str | float | None:
    return _number(text) if name.startswith("usd_") else text
