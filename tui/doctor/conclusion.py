"""What the loads say together: how much this machine can measure. Pure."""

import math
from collections.abc import Iterator, Sequence
from typing import Final

from ...engine.selftest.report import Finding, Grade
from ...sessions.figures import number, share
from ...sessions.trust import LAG_NS
from .report import Measurable

_WHOLE_CORE: Final = 0.85
_WAITED_SHARE: Final = 0.05
_SERVER_LATE_MS: Final = 1.0
_WRITTEN_SHARE: Final = 0.98


def paced(loads: Sequence[Finding]) -> list[Finding]:
    """Those whose error could be measured, lowest first."""
    return [finding for finding in loads if finding.load.gap_ms]


def measurable(loads: Sequence[Finding]) -> Measurable | None:
    """The highest load that is "ok", else the highest that is "careful"; None if there is neither."""
    for grade in ("ok", "careful"):
        good = [finding for finding in paced(loads) if finding.grade == grade]
        if good:
            return Measurable(
                grade=good[-1].grade,
                streams=good[-1].load.streams,
                tok_s=good[-1].counted_tok_s,
                ttft_error_p99_ms=good[-1].accuracy.ttft_error_ms.p99,
                gap_error_p99_ms=good[-1].accuracy.gap_error_ms.p99,
                lag_p99_ms=good[-1].loop_lag_ms.p99,
            )
    return None


def client_grade(loads: Sequence[Finding]) -> Grade:
    """Of the client as a whole: that of the best it can do."""
    best = measurable(loads)
    return "cannot" if best is None else best.grade


def summary(loads: Sequence[Finding]) -> tuple[str, ...]:
    """The same in sentences."""
    return tuple(_sentences(loads))


def _sentences(loads: Sequence[Finding]) -> Iterator[str]:
    best = measurable(loads)
    tried = paced(loads)
    if best is None:
        why = f": {'; '.join(tried[0].reasons)}" if tried else ""
        yield f"This machine cannot measure: not even the lowest load{why}."
    else:
        care = " with care" if best.grade == "careful" else ""
        yield (
            f"This machine can measure {best.streams:,} streams / {best.tok_s:,.0f} tok/s{care}, "
            f"with TTFT error p99 ≤ {_above(best.ttft_error_p99_ms)} ms "
            f"and gap error p99 ≤ {_above(best.gap_error_p99_ms)} ms."
        )
        if best.lag_p99_ms > LAG_NS / 1e6:
            yield (
                f"Its event loop was {number(best.lag_p99_ms)} ms late at p99 there: the errors stayed as they are, "
                "but the header of a run may turn amber."
            )
    yield from (_burst(finding) for finding in loads if not finding.load.gap_ms and finding.counted_tok_s)
    late = [each for each in tried if _server_fell_short(each)]
    if late:
        worst = late[-1]
        yield (
            f"The test's own server was late too, by {number(worst.server_late_ms.p99)} ms at p99 with "
            f"{worst.load.streams:,} streams, and wrote {worst.written_tok_s:,.0f} of {worst.load.asked_tok_s:,.0f} "
            "tok/s asked for: no part of the errors, which are against what it really did."
        )
    waited, streams = max(((each.waited_share or 0.0, each.load.streams) for each in loads), default=(0.0, 0))
    if waited > _WAITED_SHARE:
        yield (
            f"Other processes kept the machine busy: with {streams:,} streams the engine stood ready without a core "
            f"for {share(waited)} of the time. When it is quiet, it measures better."
        )


def _burst(finding: Finding) -> str:
    if max(finding.cpu_share, finding.server_cpu_share) < _WHOLE_CORE:
        limit = "at least: neither the engine nor the test's server had a core to itself"
    elif finding.server_cpu_share >= finding.cpu_share:
        limit = "at least: the test's server was the limit"
    else:
        limit = "the engine was the limit"
    return (
        f"In a burst of {finding.load.streams:,} streams it counted {finding.counted_tok_s:,.0f} tok/s ({limit}), "
        f"at {finding.cpu_share / finding.counted_tok_s * 1e6:.1f} CPU seconds a million tokens."
    )


def _server_fell_short(finding: Finding) -> bool:
    asked_tok_s = finding.load.asked_tok_s or 0.0
    return finding.server_late_ms.p99 > _SERVER_LATE_MS or finding.written_tok_s < _WRITTEN_SHARE * asked_tok_s


def _above(error_ms: float) -> str:
    """Rounded up, so that "at most" holds."""
    digits = 2 if error_ms < 1 else 1
    return f"{math.ceil(round(error_ms * 10**digits, 6)) / 10**digits:.{digits}f}"
