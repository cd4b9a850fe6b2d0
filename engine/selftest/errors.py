"""The error of a measurement: what the engine observed against what the server wrote. Pure.

Both sides read the same clock on the same machine, so every difference is the instrument's own: its stamps, its
counting, and the loopback between (about 0.02 ms).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ...backends.groundtruth.log import Written
from ...backends.groundtruth.wire import token_text
from ..histogram import Histogram
from .report import Accuracy, Spread


@dataclass(slots=True)
class Observed:
    """One answer as the engine saw it.

    Attributes:
        index: of its prompt.
        sent_ns: t_0.
        at_ns: stamp of every read that brought content chunks.
        chunks: how many it brought, one number for each of `at_ns`.
        texts: their text, in order.
    """

    index: int
    sent_ns: int
    at_ns: list[int] = field(default_factory=list)
    chunks: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def token_ns(self) -> npt.NDArray[np.int64]:
        """The stamp of every chunk: those of one read share it."""
        return np.repeat(np.asarray(self.at_ns, np.int64), np.asarray(self.chunks, np.int64))


def compare(written: Iterable[Written], observed: Iterable[Observed]) -> Accuracy:
    """The error of `observed`. Answers are matched by index; one that only one side knows is lost or doubled whole.

    Gaps are compared where every token was counted once; TTFT wherever a first token was.
    """
    truth = {answer.index: answer for answer in written}
    seen = {answer.index: answer for answer in observed}
    lost = sum(len(truth[index].at_ns) for index in truth.keys() - seen.keys())
    doubled = sum(sum(seen[index].chunks) for index in seen.keys() - truth.keys())
    ttft_errors: list[int] = []
    gap_errors: list[npt.NDArray[np.int64]] = []
    both = truth.keys() & seen.keys()
    for index in both:
        answer, view = truth[index], seen[index]
        missing, surplus = _miscounted(len(answer.at_ns), sum(view.chunks), "".join(view.texts))
        lost, doubled = lost + missing, doubled + surplus
        if view.at_ns and answer.at_ns:
            ttft_errors.append(abs((view.at_ns[0] - view.sent_ns) - (answer.at_ns[0] - answer.received_ns)))
        if not missing and not surplus:
            gap_errors.append(np.abs(np.diff(view.token_ns()) - np.diff(np.asarray(answer.at_ns, np.int64))))
    return Accuracy(
        requests=len(both),
        tokens=sum(len(answer.at_ns) for answer in truth.values()),
        lost=lost,
        doubled=doubled,
        ttft_error_ms=spread_ms(ttft_errors),
        gap_error_ms=spread_ms(np.concatenate(gap_errors) if gap_errors else []),
    )


def _miscounted(tokens: int, chunks: int, text: str) -> tuple[int, int]:
    """How many of the tokens 0 … tokens − 1 are missing, and how many are there too often.

    By the text, where every token names itself, and by the count of chunks, whichever shows more.
    """
    lost, doubled = max(0, tokens - chunks), max(0, chunks - tokens)
    expected = [token_text(number) for number in range(tokens)]
    if text == "".join(expected):
        return lost, doubled
    got, wanted = Counter(text.split()), Counter(token.strip() for token in expected)
    return max(lost, (wanted - got).total()), max(doubled, (got - wanted).total())


def spread_ms(values_ns: Sequence[int] | npt.NDArray[np.int64]) -> Spread:
    """The distribution of `values_ns`: percentiles are values that occurred."""
    if not len(values_ns):
        return Spread()
    p50, p99, most = np.percentile(values_ns, (50, 99, 100), method="inverted_cdf") / 1e6
    return Spread(n=len(values_ns), p50=float(p50), p99=float(p99), max=float(most))


def spread_of(histogram: Histogram) -> Spread:
    """The distribution that `histogram` holds, within 0.5 %."""
    p50_ns, p99_ns = histogram.quantile_ns(0.5), histogram.quantile_ns(0.99)
    if p50_ns is None or p99_ns is None:
        return Spread()
    return Spread(n=len(histogram), p50=p50_ns / 1e6, p99=p99_ns / 1e6, max=histogram.max_ns / 1e6)
