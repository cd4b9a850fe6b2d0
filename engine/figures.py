"""Figures of a backend that follow from its counters: one definition for screen, table, and document."""

from math import inf, isfinite

from .confidence import ALPHA, Interval, proportion, quantile_ns
from .cost import ApiPrice, FormerPrice, Price, usd_per_m
from .frame import GOOD, BackendFrame
from .histogram import FLOORS, Histogram
from .plan import SloPlan
from .serial import dependence


def tok_s(backend: BackendFrame) -> float | None:
    """System output tokens per second over the time it was active; None before the first arrival."""
    if not backend.active_ns or not backend.arriving_tokens:
        return None
    return backend.arriving_tokens * 1e9 / backend.active_ns


def billed_output_tokens(backend: BackendFrame) -> float:
    """Tokens that belong to `spent_usd`: those billed for an API, those that arrived for chips paid by the hour.

    What came before a price was known belongs to nothing.
    """
    if backend.price is None:
        return 0.0
    before = _unpriced(backend)
    if isinstance(backend.price, ApiPrice):
        return backend.output_tokens - before.output_tokens
    return backend.arriving_tokens - before.arriving_tokens


def _unpriced(backend: BackendFrame) -> FormerPrice:
    """What was counted before a price was known, which is never unknown again."""
    first = next(iter(backend.former_prices), None)
    return first if first is not None and first.price is None else FormerPrice(price=None, until_ns=0)


def usd_per_m_output(backend: BackendFrame) -> float | None:
    """Effective $/M output tokens at this load; None without a price or tokens (measurement.md, "Cost")."""
    if backend.spent_usd is None:
        return None
    return usd_per_m(backend.spent_usd, billed_output_tokens(backend))


def usd_per_m_total(backend: BackendFrame) -> float | None:
    """Blended $/M over input and output tokens; None without a price or tokens."""
    if backend.spent_usd is None:
        return None
    input_tokens = backend.input_tokens - _unpriced(backend).input_tokens
    return usd_per_m(backend.spent_usd, input_tokens + billed_output_tokens(backend))


def usd_per_m_good(backend: BackendFrame) -> float | None:
    """$/M output tokens of requests that met every limit of the SLO; None without a price, an SLO or such tokens.

    Also where some came before a price was known.
    """
    if backend.spent_usd is None or backend.good_tokens is None or _unpriced(backend).arriving_tokens:
        return None
    return usd_per_m(backend.spent_usd, backend.good_tokens)


def utilisation(price: Price) -> float | None:
    """The share of all hours in which chips paid by the hour are said to serve; None where nothing is said."""
    return None if isinstance(price, ApiPrice) else price.utilisation


def usd_per_m_utilised(backend: BackendFrame) -> float | None:
    """$/M output tokens if the chips served as in this window in that share of all hours, else idle."""
    share = None if backend.price is None else utilisation(backend.price)
    busy = usd_per_m_output(backend)
    return None if share is None or busy is None else busy / share


def characters_s(backend: BackendFrame) -> float | None:
    """Output characters per second: the unit to compare in where tokenizers differ; None before the first arrival."""
    return backend.characters * 1e9 / backend.active_ns if backend.active_ns and backend.characters else None


def usd_per_m_characters(backend: BackendFrame) -> float | None:
    """Effective $/M output characters; None without characters, or a price all the time."""
    if backend.spent_usd is None or _unpriced(backend).arriving_tokens:
        return None
    return usd_per_m(backend.spent_usd, backend.characters)


def attainment(backend: BackendFrame) -> float | None:
    """Share of requests that met every SLO limit; errors, timeouts and unsent ones are misses."""
    settled = backend.scheduled - backend.in_flight
    return backend.good / settled if backend.good is not None and settled else None


def goodput_per_s(backend: BackendFrame) -> float | None:
    """Requests per second that met every SLO limit."""
    return backend.good * 1e9 / backend.active_ns if backend.good is not None and backend.active_ns else None


def shared_read_share(backend: BackendFrame) -> float | None:
    """Share of the chunks that came in one read with the chunk before, so that the gap between them is taken for 0.

    Gaps below the histogram's 10 us are such, or as good as. None before the first chunk.
    """
    gaps = backend.histograms.get("icl")
    return (gaps.under if gaps else 0) / backend.chunks if backend.chunks else None


def in_flight_together(backend: BackendFrame) -> float:
    """How many of a worker's requests were in flight together, at least 1; they meet the server in one state."""
    return max(1.0, backend.company / backend.finished) if backend.finished else 1.0


def quantile_interval_ns(backend: BackendFrame, metric: str, p: float) -> Interval | None:
    """The confidence sequence of a quantile of a metric of JUDGED.

    None below the percentile's floor of independent samples, or where requests depend on each other too much.
    """
    state = backend.histograms.get(metric)
    worth = _worth(backend, (metric,))
    if state is None or not isfinite(worth):
        return None
    histogram = Histogram.of(state)
    return quantile_ns(histogram, p, ALPHA, worth) if len(histogram) / worth >= FLOORS[p] else None


def attainment_interval(backend: BackendFrame, slo: SloPlan) -> Interval | None:
    """The confidence sequence of `attainment`; requests that never left are misses beyond doubt.

    Misses are often too few to tell by themselves whether they come in bursts, so the metrics that the SLO limits
    tell with them. None without an SLO, and where requests depend on each other too much or too few are answered to
    know.
    """
    sent = backend.scheduled - backend.in_flight - backend.not_sent
    limited = {"ttft_sched": slo.ttft_ms, "tpot": slo.tpot_ms, "e2e_sched": slo.e2e_ms}
    worth = _worth(backend, (GOOD, *(metric for metric, limit in limited.items() if limit is not None)))
    if backend.good is None or not isfinite(worth):
        return None
    interval = proportion(backend.good, sent, ALPHA, worth)
    part = sent / (sent + backend.not_sent)
    return Interval(interval.low * part, interval.high * part)


def _worth(backend: BackendFrame, series: tuple[str, ...]) -> float:
    """Requests that are worth one independent one, by the most dependent of `series` that have begun."""
    known = [backend.series[name] for name in series if name in backend.series]
    together = in_flight_together(backend)
    return max((dependence(levels, together).worth for levels in known), default=inf)
