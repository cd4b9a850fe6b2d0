"""Values and changes of metrics as people read them."""

from math import isfinite

from ..figures import fine, usd
from ..figures import share as share_in_words
from .metrics import Metric

MINUS = "−"


def value_in_words(metric: Metric, value: float | None) -> str:
    """402 ms, 4,812 tok/s, $0.38, 98.7 %."""
    if value is None:
        return "–"
    if not isfinite(value):
        return "∞"
    if metric.kind == "share":
        return "0 %" if value == 0 else share_in_words(value) if value >= 0.0005 else f"{value * 100:.2g} %"
    if metric.unit == "$/M":
        return f"{usd(value)}"
    return f"{fine(value)} {metric.unit}"


def change_in_words(metric: Metric, change: float | None) -> str:
    """+9.7 %, −3.1 %, ×4.2 beyond a doubling; of a share +0.4 pp."""
    if change is None:
        return "–"
    if not isfinite(change):
        return "∞"
    if metric.kind == "share":
        return f"{_signed(change * 100)} pp"
    if change >= 2:
        return f"×{change:.1f}" if change < 99.5 else f"×{change:,.0f}"
    return f"{_signed((change - 1) * 100)} %"


def _signed(value: float) -> str:
    digits = f"{abs(value):.1f}" if abs(value) < 99.95 else f"{abs(value):.0f}"
    if float(digits) == 0:
        return "0.0"
    return f"{'+' if value > 0 else MINUS}{digits}"
