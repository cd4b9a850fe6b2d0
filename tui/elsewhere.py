"""Keys of the screens that open over the console or come before it: with ids, so that they can be rebound too."""

from typing import Final, Literal

from textual.binding import Binding

Elsewhere = Literal["help", "filter", "question", "what-if", "sessions", "preflight", "form"]

ELSEWHERE: Final[dict[Elsewhere, tuple[Binding, ...]]] = {
    "help": (
        Binding("escape,question_mark,q,f1,enter,space", "dismiss", "close it", id="help-close", key_display="esc"),
    ),
    "filter": (
        Binding("escape", "leave", "as it was before", id="filter-leave", key_display="esc", priority=True),
        Binding("enter", "keep", "keep it", id="filter-keep", priority=True),
    ),
    "question": (
        Binding("q,enter", "answer('stop')", "stop the run and leave with its summary", id="answer-stop"),
        Binding("d,D", "answer('detach')", "leave it running: infertop attach shows it again", id="answer-detach"),
        Binding("escape,n", "answer('')", "stay", id="answer-stay", key_display="esc"),
    ),
    "what-if": (
        Binding("down,j", "point(1)", "the next knob", id="what-if-next", key_display="↓"),
        Binding("up,k", "point(-1)", "the knob before", id="what-if-previous", key_display="↑"),
        Binding("left,h,minus", "turn(-1)", "turn it back", id="what-if-less", key_display="←"),
        Binding("right,l,plus,equals_sign", "turn(1)", "turn it on", id="what-if-more", key_display="→"),
        Binding("enter", "apply", "have it so", id="what-if-apply"),
        Binding("backspace,u", "undo", "all as it is now", id="what-if-undo"),
        Binding("escape,q", "leave", "leave all as it is", id="what-if-leave", key_display="esc"),
    ),
    "sessions": (
        Binding("enter", "take", "replay it", id="session-take"),
        Binding("down", "point(1)", "the next", id="session-next", key_display="↓"),
        Binding("up", "point(-1)", "the one before", id="session-previous", key_display="↑"),
        Binding("pagedown", "point(10)", "ten further", id="session-further", key_display="pgdn"),
        Binding("pageup", "point(-10)", "ten before", id="session-before", key_display="pgup"),
        Binding("backspace", "erase", "take a letter back", id="session-erase"),
        Binding("escape", "step_back", "to all of them, or leave", id="session-back", key_display="esc"),
    ),
    "preflight": (
        Binding("enter", "start", "start the run", id="preflight-start"),
        Binding("escape,q", "leave", "leave, nothing was sent", id="preflight-leave", key_display="esc"),
        Binding("down,j", "scroll_by(1)", "further down", id="preflight-down", key_display="↓"),
        Binding("up,k", "scroll_by(-1)", "further up", id="preflight-up", key_display="↑"),
        Binding("pagedown", "scroll_by(10)", "ten rows down", id="preflight-page-down", key_display="pgdn"),
        Binding("pageup", "scroll_by(-10)", "ten rows up", id="preflight-page-up", key_display="pgup"),
    ),
    "form": (
        Binding("ctrl+s", "save", "save as a new one", id="form-save", priority=True),
        Binding("escape", "leave", "leave", id="form-leave", key_display="esc", priority=True),
        Binding("down", "app.focus_next", "the next line", id="form-next", key_display="↓", priority=True),
        Binding("up", "app.focus_previous", "the line before", id="form-previous", key_display="↑", priority=True),
    ),
}
"""By screen; ids are apart from those of the console too."""

TYPED_IN: Final[frozenset[Elsewhere]] = frozenset({"filter", "sessions", "form"})
"""Screens on which a letter is a letter."""
