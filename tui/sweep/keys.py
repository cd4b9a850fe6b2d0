"""Keys of the sweep screen, in the order of its help."""

from typing import Final

from textual.binding import Binding

_PICTURE: Final = Binding.Group("the picture")
_BACKENDS: Final = Binding.Group("backends")
_REST: Final = Binding.Group("infertop")

KEYS: Final[tuple[Binding, ...]] = (
    Binding("tab", "app.turn(1)", "the next chart in front", id="chart-next", group=_PICTURE),
    Binding(
        "shift+tab", "app.turn(-1)", "the one before", id="chart-previous", key_display="shift+tab", group=_PICTURE
    ),
    Binding("y", "app.heights", "throughput in even steps, or logarithmic", id="heights", group=_PICTURE),
    Binding(
        "x", "app.rival", "pareto: set tok/s/chip, $/M or J/tok against one user's speed", id="rival", group=_PICTURE
    ),
    Binding("l", "app.legend", "the list of backends, or one line of names", id="legend", group=_PICTURE),
    Binding(
        "pagedown", "app.scroll(1)", "further down the points", id="page-down", key_display="pgdn", group=_PICTURE
    ),
    Binding("pageup", "app.scroll(-1)", "further up", id="page-up", key_display="pgup", group=_PICTURE),
    Binding("t", "app.theme", "dark or light", id="theme", group=_PICTURE),
    Binding("down,j", "app.select(1)", "the next backend", id="focus-down", key_display="↓ j", group=_BACKENDS),
    Binding("up,k", "app.select(-1)", "the one before", id="focus-up", key_display="↑ k", group=_BACKENDS),
    *(
        Binding(
            str(at), f"app.pick({at - 1})", "the backend of that place in the profile", id=f"focus-{at}",
            key_display="1-8", show=at == 1, group=_BACKENDS,
        )
        for at in range(1, 9)
    ),
    Binding(
        "enter,o", "app.alone", "charts of it alone, or of all", id="alone", key_display="enter o", group=_BACKENDS
    ),
    Binding(
        "greater_than_sign,f6", "app.sort(1)", "sort by the next figure", id="sort-next", key_display="> F6",
        group=_BACKENDS,
    ),
    Binding("less_than_sign", "app.sort(-1)", "sort by the one before", id="sort-previous", key_display="<",
        group=_BACKENDS),
    Binding("s", "app.picture", "a picture of this screen, into this folder", id="screenshot", group=_REST),
    Binding("ctrl+p", "app.palette", "everything there is to do, by name", id="palette", group=_REST),
    Binding("question_mark,f1", "app.help", "this help", id="help", key_display="? F1", group=_REST),
    Binding(
        "q,f10", "app.leave", "stop the sweep and leave with its table; again: at once", id="quit",
        key_display="q ctrl+c", group=_REST,
    ),
)  # fmt: skip

HINTS: Final = (
    ("q", "quit"),
    ("?", "help"),
    ("tab", "chart"),
    ("↑/↓", "backend"),
    ("enter", "alone"),
    (">", "sort"),
    ("l", "list"),
    ("x", "pareto axis"),
    ("y", "even/log"),
    ("s", "picture"),
    ("t", "theme"),
    ("ctrl+p", "all"),
)
"""(key, word) for the footer, the most useful first."""
