"""CSV for spreadsheets: one row a request, and one row a backend and step of time.

Text of others is made safe to open: a cell that a spreadsheet would take for a formula begins with an apostrophe.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ...backends.printable import printable
from ...engine.record import RequestRecord
from ..figures import six_digits
from .leads import by_ttft
from .series import Step
from .snapshot import Snapshot

MOST_STEPS: Final = 1200
"""Of a time series: a second each for 20 minutes, 5 seconds each for an hour."""

REQUEST_COLUMNS: Final = (
    "backend", "index", "worker", "workload", "status", "error", "message", "finish_reason", "scheduled_s", "sent_s",
    "ttft_ms", "ttft_sched_ms", "tpot_ms", "e2e_ms", "connect_ms", "resent", "input_tokens", "cached_tokens",
    "cache_write_tokens", "output_tokens", "reasoning_tokens", "token_source", "chunks", "characters",
    "prompt_characters", "cost_usd", "good",
)  # fmt: skip

SERIES_COLUMNS: Final = (
    "from_s", "to_s", "backend", "label", "tok_s", "finished", "failed", "in_flight", "ttft_n", "ttft_p50_ms",
    "ttft_p95_ms", "tpot_n", "tpot_p50_ms", "tpot_p95_ms", "spent_usd", "spent_usd_so_far", "watts", "changes",
)  # fmt: skip

_FORMULA: Final = ("=", "+", "-", "@")


def requests(snapshot: Snapshot) -> Iterator[str]:
    """Every request that had ended, in the order of ending; raises RecordingError."""
    yield from _lines([REQUEST_COLUMNS])
    yield from _lines(map(_request, snapshot.requests()))


def time_series(snapshot: Snapshot) -> Iterator[str]:
    """Every step of time and backend, oldest first; raises RecordingError."""
    yield from _lines([SERIES_COLUMNS])
    series = snapshot.series(MOST_STEPS)
    if series is None:
        return
    ttft = by_ttft(snapshot.summary).removesuffix("_ms")
    steps = {name: series.steps(name) for name in series.backends}
    for at, (from_ns, to_ns) in enumerate(zip(series.moments_ns, series.moments_ns[1:], strict=False)):
        texts = [marker.text for marker in snapshot.frame.markers if from_ns < marker.at_ns <= to_ns]
        changes = cell("; ".join(texts))
        yield from _lines(_step(step, ttft, changes) for each in steps.values() if (step := each[at]))


def cell(text: str) -> str:
    """`text` on one safe line that no spreadsheet takes for a formula."""
    safe = printable(text, 1000)
    return f"'{safe}" if safe.startswith(_FORMULA) else safe


def _request(of: RequestRecord) -> Sequence[object]:
    return (
        cell(of.backend), of.index, of.worker, cell(of.workload), of.status, cell(of.error), cell(of.message),
        cell(of.finish_reason), of.scheduled_ns / 1e9, _scaled(of.sent_ns, 1e9), _scaled(of.ttft_ns),
        _scaled(of.ttft_sched_ns), _scaled(of.tpot_ns), _scaled(of.e2e_ns), _scaled(of.connect_ns),
        _flag(of.resent), of.input_tokens, of.cached_tokens, of.cache_write_tokens, of.output_tokens,
        of.reasoning_tokens, of.token_source, of.chunks, of.characters, of.prompt_characters,
        _plain(six_digits(of.cost_usd)), _flag(of.good),
    )  # fmt: skip


def _step(step: Step, ttft: str, changes: str) -> Sequence[object]:
    after = step.after
    ttfts, tpots = step.histogram(ttft), step.histogram("tpot")
    values = [
        (len(histogram), *(histogram.quantile_ns(p) if histogram.supports(p) else None for p in (0.5, 0.95)))
        for histogram in (ttfts, tpots)
    ]
    (ttft_n, *ttft_ns), (tpot_n, *tpot_ns) = values
    return (
        step.from_ns / 1e9, step.to_ns / 1e9, cell(after.name), after.label, six_digits(step.tok_s), step.finished,
        step.failed, after.in_flight, ttft_n, *map(_scaled, ttft_ns), tpot_n, *map(_scaled, tpot_ns),
        _plain(six_digits(step.usd)), _plain(six_digits(after.spent_usd)),
        _plain(six_digits(after.power.watts) if after.power else None), changes,
    )  # fmt: skip


def _scaled(value_ns: float | None, unit_ns: float = 1e6) -> object:
    return "" if value_ns is None else six_digits(value_ns / unit_ns) if unit_ns == 1e6 else value_ns / unit_ns


def _plain(value: float | None) -> object:
    return "" if value is None else value


def _flag(value: bool | None) -> str:
    return "" if value is None else str(value).lower()


def _lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    for row in rows:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(row)
        yield line.getvalue()
