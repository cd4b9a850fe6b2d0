"""`infertop prices`: the price book, with sources and dates, and the user's own lists."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

    from ...backends.price_files import ApiRow, HourRow, Rows

HELP: Final = "what tokens and chips cost: the price book, with sources and dates"
EPILOG: Final = """\
examples:
  infertop prices                     every price known here
  infertop prices show h200           those that mention h200
  infertop prices show groq --json    as JSON
  infertop prices path                where your own lists are; they win over the book
  infertop prices update mine.csv     check a list and make it yours

A list is a CSV file with a header: accelerator, seller, usd_per_chip_hour (and terms, status, as_of, source), or
provider, model, usd_per_m_input, usd_per_m_output (and tier, usd_per_m_cached, usd_per_m_cache_write, status, as_of,
source). `infertop prices` flags what is more than 90 days old.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions; showing all is the default."""
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    actions = parser.add_subparsers(
        dest="action", metavar="ACTION", title="actions", parser_class=argparse.ArgumentParser
    )
    show = actions.add_parser("show", help="print prices (default)")
    show.add_argument("filter", metavar="FILTER", nargs="*", help="only rows that hold all these words")
    show.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="one JSON document on stdout")
    update = actions.add_parser("update", help="check a list and make it yours; exit code 2 if it is wrong")
    update.add_argument("file", metavar="FILE", help="a CSV file")
    actions.add_parser("path", help="print the folder that holds your lists")


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; 2 when a list is wrong."""
    from ...backends.price_files import PriceFileError  # noqa: PLC0415
    from ...backends.prices import today, user_folder  # noqa: PLC0415

    try:
        match arguments.action:
            case "update":
                sys.stdout.write(f"{_update(arguments.file)}\n")
            case "path":
                sys.stdout.write(f"{user_folder()}\n")
            case _:
                found = _found(arguments.filter if arguments.action else ())
                sys.stdout.write(_json(found, today()) if arguments.json else _text(found, today()))
    except PriceFileError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _update(file: str) -> str:
    from pathlib import Path  # noqa: PLC0415

    from ...backends.price_files import PriceFileError  # noqa: PLC0415
    from ...backends.prices import install  # noqa: PLC0415

    try:
        return str(install(Path(file).expanduser()))
    except OSError as error:
        raise PriceFileError(f"cannot be written: {error.strerror}") from None


def _found(words: Sequence[str]) -> "dict[str, Rows]":
    """The rows that hold all of `words`, by where they come from."""
    from ...backends.price_files import Rows  # noqa: PLC0415
    from ...backends.prices import ours, yours  # noqa: PLC0415

    wanted = [word.lower() for word in words]

    def kept(rows: "Rows") -> "Rows":
        return Rows(
            tuple(row for row in rows.api if _holds(row, wanted)),
            tuple(row for row in rows.hour if _holds(row, wanted)),
        )

    return {"yours": kept(yours()), "built-in": kept(ours())}


def _holds(row: "ApiRow | HourRow", words: Iterable[str]) -> bool:
    from msgspec.structs import astuple  # noqa: PLC0415

    text = " ".join(str(value) for value in astuple(row)).lower()
    return all(word in text for word in words)


def _json(found: "dict[str, Rows]", on: "date") -> str:
    import json  # noqa: PLC0415

    from msgspec.structs import asdict  # noqa: PLC0415

    from ...backends.prices import is_old  # noqa: PLC0415

    document = {
        kind: [
            {**asdict(row), "book": book, "old": is_old(row.as_of, on)}
            for book, rows in found.items()
            for row in (rows.api if kind == "api" else rows.hour)
        ]
        for kind in ("api", "hour")
    }
    return json.dumps({"schema": "infertop.prices/1", **document}, indent=2, ensure_ascii=False) + "\n"


def _text(found: "dict[str, Rows]", on: "date") -> str:
    api = [_api_cells(row, book, on) for book, rows in found.items() for row in rows.api]
    hour = [_hour_cells(row, book, on) for book, rows in found.items() for row in rows.hour]
    tables = [
        _table(
            "USD per million tokens", ("PROVIDER", "MODEL", "TIER", "IN", "OUT", "CACHED", "AS OF", "SOURCE"), api
        ),
        _table("USD per chip and hour", ("ACCELERATOR", "SELLER", "USD", "TERMS", "AS OF", "SOURCE"), hour),
    ]
    shown = "\n".join(table for table in tables if table)
    return shown or "no price in the book holds these words; infertop prices shows all\n"


def _api_cells(row: "ApiRow", book: str, on: "date") -> tuple[str, ...]:
    cached = "" if row.usd_per_m_cached is None else f"{row.usd_per_m_cached:g}"
    amounts = (f"{row.usd_per_m_input:g}", f"{row.usd_per_m_output:g}", cached)
    return (row.provider, row.model, row.tier, *amounts, _date(row, on), _origin(row, book))


def _hour_cells(row: "HourRow", book: str, on: "date") -> tuple[str, ...]:
    return (
        row.accelerator,
        row.seller,
        f"{row.usd_per_chip_hour:.2f}",
        row.terms,
        _date(row, on),
        _origin(row, book),
    )


def _date(row: "ApiRow | HourRow", on: "date") -> str:
    """When the source said so; "!" where that is too long ago to rely on."""
    from ...backends.prices import is_old  # noqa: PLC0415

    if not row.as_of:
        return "undated !"
    return f"{row.as_of} ! old" if is_old(row.as_of, on) else row.as_of


def _origin(row: "ApiRow | HourRow", book: str) -> str:
    status = "" if row.status in {"current", row.source} else row.status.upper()
    return ", ".join(part for part in (status, "yours" if book == "yours" else "", row.source) if part)


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; "" without rows."""
    from ...backends.printable import printable  # noqa: PLC0415

    if not rows:
        return ""
    lines = [tuple(heads), *(tuple(printable(cell, 60) for cell in row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    drawn = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
    return f"{title}\n" + "".join(f"  {line}\n" for line in drawn)
