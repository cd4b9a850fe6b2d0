"""The price book: what providers bill for tokens and sellers for an hour of a chip, each with source and date.

The user's own lists (`infertop prices path`) win over ours; `genai-prices`, where it is installed (the extra
`prices`), is asked only for what neither knows. A price ages: `age_days` says how old one is.
"""

import importlib
import importlib.metadata
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import platformdirs

from .price_files import ApiRow, HourRow, PriceFileError, Rows, first_day, parse
from .printable import printable
from .providers import plain_model

OLD_AFTER_DAYS: Final = 90
"""Older prices are flagged wherever they are shown."""

_DATA: Final = Path(__file__).parent / "data"
_API_CSV: Final = "prices_api.csv"
_HOUR_CSV: Final = "prices_hour.csv"
_MOST_BYTES: Final = 2**20

_THEIR_PROVIDERS: Final = {"bedrock": "aws", "vertex": "google", "gemini": "google"}
"""What genai-prices calls our providers, where it differs."""

_THEIR_AMOUNTS: Final = ("input", "output", "cache_read", "cache_write")


class UnknownPriceError(ValueError):
    """The book has no such price; the message says what it has."""


def user_folder() -> Path:
    """Where the user's price lists are; it may not exist yet."""
    return platformdirs.user_config_path("infertop")


def yours() -> Rows:
    """The user's own prices; raises PriceFileError if a list of theirs is wrong."""
    folder = user_folder()
    return Rows(_read(folder / _API_CSV).api, _read(folder / _HOUR_CSV).hour)


@cache
def ours() -> Rows:
    """The prices that infertop comes with."""
    return Rows(_read(_DATA / _API_CSV).api, _read(_DATA / _HOUR_CSV).hour)


def install(file: Path) -> Path:
    """Make `file` the user's list of its kind, once it is found to be right; where it lies now.

    Raises:
        PriceFileError: it cannot be read, or is no price list.
        OSError: it cannot be written there.
    """
    if not file.is_file():
        raise PriceFileError(f"{printable(str(file))}: no such file")
    rows = _read(file)
    target = user_folder() / (_HOUR_CSV if rows.hour else _API_CSV)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(file.read_text("utf-8-sig"), "utf-8")
    return target


def api_price(provider: str, model: str, tier: str = "") -> ApiRow | None:
    """What `provider` bills for `model`, by any spelling its API uses for it; None when nobody knows.

    Raises:
        PriceFileError: a list of the user's is wrong.
    """
    wanted = provider.lower(), plain_model(model), tier.lower()
    for row in (*yours().api, *ours().api):
        if (row.provider.lower(), plain_model(row.model), row.tier.lower()) == wanted:
            return row
    return None if tier else _their_price(provider.lower(), model)


def hour_price(seller: str, accelerator: str, terms: str = "") -> HourRow:
    """What an hour of one chip costs at `seller`.

    Args:
        seller: in any case.
        accelerator: "H200 SXM", "h200-sxm", or the start of one name only ("h200").
        terms: as they begin ("spot"); "" takes the first, which is on demand where there is that.

    Raises:
        UnknownPriceError: there is no such price; the message says what there is.
        PriceFileError: a list of the user's is wrong.
    """
    rows = (*yours().hour, *ours().hour)
    sold = [row for row in rows if _plain(row.seller) == _plain(seller)]
    if not sold:
        raise UnknownPriceError(
            f"no seller is called {printable(seller, 40)!r}; there are {_all(row.seller for row in rows)}"
        )
    chips = _named(accelerator, [row.accelerator for row in sold])
    found = [row for row in sold if row.accelerator in chips and row.terms.lower().startswith(terms.lower())]
    if len(chips) == 1 and found:
        return found[0]
    if len(chips) == 1:
        there = _all(row.terms for row in sold if row.accelerator in chips)
        raise UnknownPriceError(f"{sold[0].seller} sells {chips.pop()} {there}, not {printable(terms, 40)!r}")
    raise UnknownPriceError(
        f"no price of {printable(accelerator, 40)!r} at {sold[0].seller}, "
        f"which sells {_all(row.accelerator for row in sold)}"
    )


def age_days(as_of: str, today: date) -> int | None:
    """How long ago `as_of` was, counted from the first day of what it says; None if it says nothing."""
    first = first_day(as_of)
    return None if first is None else (today - first).days


def is_old(as_of: str, today: date) -> bool:
    """Whether a price of `as_of` must be checked anew: more than OLD_AFTER_DAYS old, or without a date."""
    age = age_days(as_of, today)
    return age is None or age > OLD_AFTER_DAYS


def today() -> date:
    """The present day, UTC."""
    return datetime.now(UTC).date()


def _read(path: Path) -> Rows:
    """The price list at `path`, empty if there is none; raises PriceFileError."""
    origin = str(path)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise PriceFileError(f"{printable(origin)}: is larger than 1 MiB; is it a price list?")
        return parse(path.read_text("utf-8-sig"), origin)
    except FileNotFoundError:
        return Rows()
    except UnicodeDecodeError:
        raise PriceFileError(f"{printable(origin)}: is not UTF-8 text") from None
    except OSError as error:
        raise PriceFileError(f"{printable(origin)}: {error.strerror}") from None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _named(accelerator: str, there: Iterable[str]) -> set[str]:
    """The names of `there` that `accelerator` is, or begins."""
    wanted, known = _plain(accelerator), set(there)
    same = {name for name in known if _plain(name) == wanted}
    return same or {name for name in known if wanted and _plain(name).startswith(wanted)}


def _all(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _their_price(provider: str, model: str) -> ApiRow | None:
    """What genai-prices says, if it is installed and says anything; its data state no date."""
    try:
        snapshots: Any = importlib.import_module("genai_prices.data_snapshot")
    except ImportError:
        return None
    try:
        _, found = snapshots.get_snapshot().find_provider_model(
            model, None, _THEIR_PROVIDERS.get(provider, provider), None
        )
    except LookupError:
        return None
    prices = found.get_prices(datetime.now(UTC))
    amount = {name: _base(getattr(prices, f"{name}_mtok", None)) for name in _THEIR_AMOUNTS}
    if amount["input"] is None or amount["output"] is None:
        return None
    return ApiRow(
        provider=provider,
        model=plain_model(model),
        usd_per_m_input=amount["input"],
        usd_per_m_output=amount["output"],
        usd_per_m_cached=amount["cache_read"],
        usd_per_m_cache_write=amount["cache_write"],
        status="retired" if found.deprecated else "current",
        source=f"genai-prices {importlib.metadata.version('genai-prices')}",
    )


def _base(price: Any) -> float | None:
    """A price, of one in tiers by length the first."""
    return None if price is None else float(getattr(price, "base", price))
