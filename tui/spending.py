"""Whether a run spends real money now, and how much it may still spend."""

from ..engine.cost import ApiPrice
from ..engine.frame import BackendFrame, Frame
from .draw.units import usd


def spending(frame: Frame | None) -> str:
    """What a run that goes on has spent at real APIs, and its cap, in a sentence; "" where nobody pays."""
    if frame is None or frame.phase == "done":
        return ""
    paid = [backend for backend in frame.backends if _is_paid(backend)]
    if not paid:
        return ""
    spent = sum((backend.spent_usd or 0.0) + backend.warmup_usd for backend in paid)
    cap = f" of at most {usd(frame.budget_usd).strip()}" if frame.budget_usd is not None else ", and there is no cap"
    return f"{usd(spent).strip()} spent at {'an API' if len(paid) == 1 else f'{len(paid)} APIs'} so far{cap}."


def _is_paid(backend: BackendFrame) -> bool:
    return backend.label == "LIVE" and isinstance(backend.price, ApiPrice)
