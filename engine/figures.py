"""Figures of a backend that follow from its counters: one definition for screen, table, and document."""

from .cost import ApiPrice, usd_per_m
from .frame import BackendFrame


def tok_s(backend: BackendFrame) -> float | None:
    """System output tokens per second over the time it was active; None before the first arrival."""
    if not backend.active_ns or not backend.arriving_tokens:
        return None
    return backend.arriving_tokens * 1e9 / backend.active_ns


def _billed_output_tokens(backend: BackendFrame) -> float:
    """Tokens that belong to `spent_usd`: those billed for an API, those that arrived for chips paid by the hour."""
    return backend.output_tokens if isinstance(backend.price, ApiPrice) else backend.arriving_tokens


def usd_per_m_output(backend: BackendFrame) -> float | None:
    """Effective $/M output tokens at this load; None without a price or tokens (measurement.md, "Cost")."""
    if backend.spent_usd is None:
        return None
    return usd_per_m(backend.spent_usd, _billed_output_tokens(backend))


def usd_per_m_total(backend: BackendFrame) -> float | None:
    """Blended $/M over input and output tokens; None without a price or tokens."""
    if backend.spent_usd is None:
        return None
    return usd_per_m(backend.spent_usd, backend.input_tokens + _billed_output_tokens(backend))


def characters_s(backend: BackendFrame) -> float | None:
    """Output characters per second: the unit to compare in where tokenizers differ; None before the first arrival."""
    return backend.characters * 1e9 / backend.active_ns if backend.active_ns and backend.characters else None


def usd_per_m_characters(backend: BackendFrame) -> float | None:
    """Effective $/M output characters; None without a price or characters."""
    return None if backend.spent_usd is None else usd_per_m(backend.spent_usd, backend.characters)


def attainment(backend: BackendFrame) -> float | None:
    """Share of requests that met every SLO limit; errors, timeouts and unsent ones are misses."""
    settled = backend.scheduled - backend.in_flight
    return backend.good / settled if backend.good is not None and settled else None


def goodput_per_s(backend: BackendFrame) -> float | None:
    """Requests per second that met every SLO limit."""
    return backend.good * 1e9 / backend.active_ns if backend.good is not None and backend.active_ns else None
