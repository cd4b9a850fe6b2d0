"""Figures of a sweep in words, each in a fixed number of cells; one look for one kind of figure."""

from collections.abc import Callable

from ...draw.glyphs import marker
from ...draw.rows import Row, Span, fit, series
from ...draw.units import NOTHING, count, duration, joules, rate, usd
from ..board import Figure, Run, Stop, SweepBoard

LATENCY_WIDTH = 8
LEVEL_WIDTH = 6


def level(value: float) -> str:
    """A load without blanks: `16`, `2.5`, `1,024`."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def name(run: Run, width: int = 0) -> Row:
    """Marker and name in the backend's colour; in exactly `width` cells when that is given."""
    text = f"{marker(run.series)} {run.name}"
    return (Span(fit(text, width) if width else text, series(run.series, strong=True)),)


def label(run: Run) -> Span:
    """LIVE, SIM or REPLAY."""
    return Span(run.label, run.label.lower())


def per_s(figure: Figure | None, role: str = "strong") -> Span:
    """Tokens or requests a second in 7 cells; grey and with a `?` where the sample is too small."""
    return _shown(figure, rate, 7, role)


def money(figure: Figure | None) -> Span:
    """$/M in 7 cells."""
    return _shown(figure, usd, 7, "strong")


def energy(figure: Figure | None) -> Span:
    """J/token in 7 cells."""
    return _shown(figure, joules, 7, "")


def latency(figure: Figure | None) -> Span:
    """A latency in 8 cells."""
    return _shown(figure, lambda ms: duration(ms * 1e6), LATENCY_WIDTH, "strong")


def interval(figure: Figure | None) -> str:
    """`9,600–10,020`, without blanks; "" where there is none."""
    if figure is None or figure.low is None or figure.high is None:
        return ""
    return f"{rate(figure.low).strip()}–{rate(figure.high).strip()}"


def holding(stop: Stop) -> Span:
    """Whether the targets are held there, in 7 cells: a word, not a colour alone."""
    roles = {"holds": "good", "misses": "warn"}
    return Span(f"{stop.holds:<7}", roles.get(stop.holds, "dim"))


def answers(stop: Stop) -> Span:
    """How many requests it rests on, in 6 cells."""
    return Span(count(stop.answers), "dim")


def left(board: SweepBoard) -> str:
    """Time left: "about 2:10 left", "" where nothing can be said, as of virtual time."""
    if board.state != "running" or board.eta_s is None or board.virtual:
        return ""
    minutes, seconds = divmod(round(board.eta_s), 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"about {clock} left"


def _shown(figure: Figure | None, words: Callable[[float], str], width: int, role: str) -> Span:
    if figure is None:
        return Span(f"{NOTHING:>{width}}", "dim")
    text = words(figure.value)
    return Span(f"{'?' + text.strip():>{width}}", "weak") if figure.weak else Span(f"{text:>{width}}", role)
