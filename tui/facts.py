"""What a backend is, and where each of its figures comes from, in words."""

from ..backends.printable import printable
from ..engine.frame import BackendFrame
from ..sessions.remarks import price
from .window import BackendWindow

_COUNTED = {"usage": "by the server (usage)", "≈": "estimated (≈)", "tok": "with a tokenizer (tok)"}
_STAMPED = {"kernel": "by the kernel, as bytes arrive", "user": "after the read returns"}


def facts(window: BackendWindow) -> list[tuple[str, str]]:
    """(term, value) for everything known; values are safe to draw."""
    now, totals = window.now, window.totals
    model = now.served_model or now.model
    asked = f", asked for {now.model}" if now.model not in {"", model} else ""
    known = {
        "last error": now.last_error,
        "where": now.url,
        "model": model + asked,
        "runs on": " · ".join(part for part in (now.hardware, now.engine) if part),
        "price": price(now.price) if now.price else "",
        "tokens": _tokens(totals),
        "counted": _COUNTED.get(now.token_source, ""),
        "stamped": _STAMPED.get(now.stamp, ""),
        "finished": ", ".join(
            f"{reason or 'no reason'} {count:,}" for reason, count in totals.finish_reasons.items()
        ),
        "not sent": f"{totals.not_sent:,}" if totals.not_sent else "",
    }
    return [(term, printable(value)) for term, value in known.items() if value]


def _tokens(totals: BackendFrame) -> str:
    counts = {
        "in": totals.input_tokens,
        "cached": totals.cached_tokens,
        "out": totals.output_tokens,
        "reasoning": totals.reasoning_tokens,
    }
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)
