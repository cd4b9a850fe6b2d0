"""A curve in words and in the few figures a table has room for (volume's; the others' words say it all)."""

from collections.abc import Callable
from typing import Final

from ...figures import times
from ..decision import Sensitivity
from .blocks import Table
from .forms import count, dollars, name, part, sentence

_FORMS: Final[dict[str, Callable[[float], str]]] = {
    "volume": count,
    "price": lambda ratio: f"{times(ratio)}×",
    "latency limit": lambda ms: f"{ms:,.0f} ms",
    "utilisation": part,
}
_MOST_COLUMNS: Final = 6


def x_form(of: Sensitivity) -> Callable[[float], str]:
    """How its input is written."""
    return _FORMS[of.what]


def heading(of: Sensitivity) -> str:
    """What it is about: "chat: $/M output by requests a day"."""
    return f"{name(of.class_name)}: {y_title(of)} by {'utilisation' if of.what == 'utilisation' else of.unit}"


def y_title(of: Sensitivity) -> str:
    """Its upright axis."""
    return "$/M output" if of.y_unit == "USD per million output tokens" else of.y_unit


def conclusion(of: Sensitivity) -> str:
    """What it says, with the class."""
    return sentence(f"for {name(of.class_name)}: {of.words}")


def curve_table(of: Sensitivity) -> Table:
    """Its options over a few of its points, the present one nearest to the middle among them."""
    xs = [x for x, _ in of.lines[0].points] if of.lines else []
    step = max(len(xs) / _MOST_COLUMNS, 1.0)
    chosen = sorted({*(int(at * step) for at in range(min(_MOST_COLUMNS, len(xs)))), *([len(xs) - 1] if xs else [])})
    form = x_form(of)
    rows = tuple(
        (name(line.option), *("cannot" if (y := line.points[at][1]) is None else dollars(y) for at in chosen))
        for line in of.lines
    )
    return Table((f"{y_title(of)} at", *(form(xs[at]) for at in chosen)), rows, title=heading(of))
