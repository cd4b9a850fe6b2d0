"""How far a load can be measured, by the limits of docs/doctor.md. Pure."""

from collections.abc import Iterator
from typing import Final

from .report import Finding, Grade, Spread

TTFT_ERROR_MS: Final = (0.3, 5.0)
GAP_ERROR_MS: Final = (0.1, 1.0)
"""Largest error at p50 and p99 for "ok"."""

BEYOND: Final = 5.0
"""So many times that error at p99 is "cannot"."""

SATURATED_CPU_SHARE: Final = 0.9
"""A run's verdicts are withheld there."""

COUNTED_SHARE: Final = (0.99, 0.95)
"""Least share of what was written that must have been counted in time: for "ok", and for "careful"."""


def graded(found: Finding) -> tuple[Grade, tuple[str, ...]]:
    """The grade of what a load showed and, when it is not "ok", why.

    Where the server wrote as fast as it could, only whether every token was counted.
    """
    cannot, careful = tuple(_cannot(found)), tuple(_careful(found))
    return ("cannot", cannot) if cannot else ("careful", careful) if careful else ("ok", ())


def _cannot(found: Finding) -> Iterator[str]:
    accuracy = found.accuracy
    if found.failed:
        yield f"{found.failed:,} requests failed: {found.last_error}"
    if accuracy.lost or accuracy.doubled:
        yield f"{accuracy.lost:,} tokens were lost and {accuracy.doubled:,} counted twice"
    if not found.load.gap_ms:
        return
    if found.cpu_share > SATURATED_CPU_SHARE:
        yield f"the client was saturated: {found.cpu_share:.0%} of a core"
    if found.counted_tok_s < COUNTED_SHARE[1] * found.written_tok_s:
        yield _behind(found)
    for name, error, (_, limit_ms) in _errors(found):
        if error.p99 > BEYOND * limit_ms:
            yield f"{name} was off by {error.p99:.1f} ms at p99"


def _careful(found: Finding) -> Iterator[str]:
    if not found.load.gap_ms:
        return
    if found.counted_tok_s < COUNTED_SHARE[0] * found.written_tok_s:
        yield _behind(found)
    for name, error, (at_p50_ms, at_p99_ms) in _errors(found):
        if error.p50 > at_p50_ms:
            yield f"{name} was off by {error.p50:.2f} ms at p50"
        if error.p99 > at_p99_ms:
            yield f"{name} was off by {error.p99:.1f} ms at p99"


def _behind(found: Finding) -> str:
    return f"it counted {found.counted_tok_s:,.0f} of {found.written_tok_s:,.0f} tok/s in time"


def _errors(found: Finding) -> Iterator[tuple[str, Spread, tuple[float, float]]]:
    yield "TTFT", found.accuracy.ttft_error_ms, TTFT_ERROR_MS
    yield "the gap between tokens", found.accuracy.gap_error_ms, GAP_ERROR_MS
