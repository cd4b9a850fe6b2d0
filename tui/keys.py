"""Every key in one place: bindings with ids (so that they can be rebound), the footer's hints, the help's table."""

from typing import Final

from textual.binding import Binding, BindingType

from .view import PANELS

KEYS: Final[list[Binding]] = [
    Binding("space,p", "app.freeze", "freeze the picture, never the load", id="freeze", key_display="space p"),
    Binding("tab", "app.metric(1)", "next metric", id="metric-next", key_display="tab"),
    Binding("shift+tab", "app.metric(-1)", "previous metric", id="metric-previous", key_display="shift+tab"),
    Binding("right,l", "app.focus_card(1, 0)", "focus the card to the right", id="focus-right", key_display="→ l"),
    Binding("left,h", "app.focus_card(-1, 0)", "focus the card to the left", id="focus-left", key_display="← h"),
    Binding("down,j", "app.focus_card(0, 1)", "focus the card below", id="focus-down", key_display="↓ j"),
    Binding("up,k", "app.focus_card(0, -1)", "focus the card above", id="focus-up", key_display="↑ k"),
    Binding("enter,e", "app.expand", "expand the card in focus, and back", id="expand", key_display="enter e"),
    Binding("plus,equals_sign", "app.ask('more load')", "more load", id="load-up", key_display="+ ="),
    Binding("minus", "app.ask('less load')", "less load", id="load-down", key_display="-"),
    Binding("w", "app.ask('next workload')", "next workload", id="workload"),
    Binding("r", "app.reset", "start the figures anew from now (the run goes on)", id="reset"),
    Binding("S", "app.ask('save')", "save this session as a profile", id="save"),
    *(
        Binding(str(number), f"app.panel({number})", f"show or hide {panel}", id=f"panel-{panel}")
        for number, panel in enumerate(PANELS, 1)
    ),
    Binding("left_square_bracket", "app.refresh_rate(-1)", "draw less often", id="refresh-less", key_display="["),
    Binding("right_square_bracket", "app.refresh_rate(1)", "draw more often", id="refresh-more", key_display="]"),
    Binding("t", "app.theme", "dark or light", id="theme"),
    Binding("question_mark,f1", "app.help", "this help", id="help", key_display="? F1"),
    Binding("escape", "app.expand(False)", "back from the expanded card", id="back", key_display="esc", show=False),
    Binding("q", "app.quit", "stop the run and leave with a summary", id="quit", key_display="q ctrl+c"),
]
"""In the order of the help screen."""

BINDINGS: Final[list[BindingType]] = list(KEYS)
"""The same, as the live screen declares them."""

EVERYWHERE: Final[list[BindingType]] = [Binding("ctrl+c", "quit", "quit", id="interrupt", priority=True, show=False)]
"""Keys that work on any screen."""

HINTS: Final = (
    ("q", "quit"),
    ("space", "freeze"),
    ("tab", "metric"),
    ("+/-", "load"),
    ("?", "help"),
    ("enter", "expand"),
    ("w", "workload"),
    ("r", "reset"),
    ("1-4", "panels"),
    ("S", "save"),
    ("t", "theme"),
    ("[ ]", "refresh"),
)
"""(key, word) for the footer, the most useful first."""
