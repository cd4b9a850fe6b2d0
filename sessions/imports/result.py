"""What every reader of a foreign file makes of it, and the checks that they share."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Final

from ...backends.printable import printable
from ...engine.frame import Label
from ...engine.plan import ArrivalsPlan
from ...engine.record import RequestRecord

MOST_REQUESTS: Final = 2_000_000
_LONGEST_S: Final = 1e7
_MOST_TOKENS: Final = 1 << 40
_LONGEST_ERROR: Final = 120

_STATUS: Final = re.compile(r"\b(?:HTTP|status)\D{0,12}([45]\d\d)\b", re.IGNORECASE)

OTHER: Final = "other"
"""Kind of a failure of which the file does not say what it was."""


class ForeignError(Exception):
    """A file cannot be imported; the text names the file and what is wrong, in one safe line."""


class ContentError(ValueError):
    """What a file says cannot be; the text says where."""


@dataclass(frozen=True, slots=True)
class Result:
    """One run of another tool on one backend.

    Attributes:
        tool: its name and version, as the file says.
        title: what was run, in the file's words.
        started: ISO 8601, without an offset where the file has none; "" where it does not say.
        backend, url, model: "" where not said.
        label: what the file says of it; "REPLAY" where it says nothing.
        workload: the data set, in the file's words.
        arrivals: None where not said.
        seed: None where not said.
        duration_s: of the measured window.
        finished, failed, unfinished: requests.
        input_tokens, output_tokens: of finished requests.
        requests: those that ended, sorted by the time of sending; run time counts from the first. Without
            `is_timed` their moments count from their own sending.
        gaps_ns: between chunks, for each of `requests`; empty where not told.
        is_timed: whether it is known when requests were sent.
        stated: percentiles without the requests behind them, by name of `diff.metrics.METRICS`, in its unit.
        notes: what a reader should know.
    """

    tool: str
    title: str
    started: str
    backend: str
    url: str
    model: str
    workload: str
    arrivals: ArrivalsPlan | None
    seed: int | None
    duration_s: float
    finished: int
    failed: int
    input_tokens: int
    output_tokens: int
    unfinished: int = 0
    label: Label = "REPLAY"
    requests: Sequence[RequestRecord] = ()
    gaps_ns: Sequence[Sequence[int]] = ()
    is_timed: bool = True
    stated: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def nanoseconds(seconds: float | None, where: str) -> int | None:
    """A duration or a moment of a run; None of None. Raises ContentError for what can be neither."""
    if seconds is None:
        return None
    if not isfinite(seconds) or not 0 <= seconds <= _LONGEST_S:
        raise ContentError(f"{where} is {seconds:g} s, which is no time")
    return round(seconds * 1e9)


def count(value: float | None, where: str) -> int:
    """A number of tokens or requests, 0 where there is none; raises ContentError."""
    if value is None:
        return 0
    if not isfinite(value) or not 0 <= value <= _MOST_TOKENS:
        raise ContentError(f"{where} is {value:g}, which is no count")
    return round(value)


def kind_of_error(code: int | None, text: str) -> str:
    """The nearest of `backends.errors.ErrorKind` for what a file says of a failure."""
    if code is None and (found := _STATUS.search(text)):
        code = int(found.group(1))
    if code == 429:
        return "429"
    if code is not None and 400 <= code < 600 and code != 499:  # 499 is a client that went away
        return f"{code // 100}xx"
    return "timeout" if "timeout" in text.casefold() or "timed out" in text.casefold() else OTHER


def said(text: object, most: int = _LONGEST_ERROR) -> str:
    """Text from a file, safe; "" of anything else."""
    return printable(text, most) if isinstance(text, str) else ""


def short_model(model: str) -> str:
    """A model's name without its owner."""
    return model.rpartition("/")[2] or model
