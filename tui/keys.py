"""Every key in one place: bindings with ids (so that they can be rebound), the footer's hints, the help's table."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

from textual.binding import Binding, BindingType
from textual.keys import Keys as KeyNames

from ..profiles.problems import suggestion
from .elsewhere import ELSEWHERE, TYPED_IN, Elsewhere
from .view import PANELS, Page, Panel

_PANELS: Final[dict[Panel, str]] = {
    "cards": "backends",
    "tails": "latency histograms",
    "heat": "latency over time",
    "cost": "cost and budget",
    "power": "power and energy",
    "verdicts": "verdicts",
    "stream": "the answers, side by side",
    "server": "server internals",
    "events": "events",
}


def _group(title: str, *bindings: Binding) -> tuple[Binding, ...]:
    group = Binding.Group(title)
    return tuple(replace(binding, group=group) for binding in bindings)


KEYS: Final = (
    *_group(
        "what is shown",
        Binding("space,p", "app.freeze", "freeze the picture, never the load", id="freeze", key_display="space p"),
        Binding("tab", "app.metric(1)", "next metric", id="metric-next", key_display="tab"),
        Binding("shift+tab", "app.metric(-1)", "previous metric", id="metric-previous", key_display="shift+tab"),
        *(
            Binding(
                str(number), f"app.panel('{panel}')", f"{_PANELS[panel]}: to the front, or away", id=f"panel-{panel}"
            )
            for number, panel in enumerate(PANELS, 1)
        ),
        Binding("o", "app.only", "only the panel in front, and back", id="only"),
        Binding("t", "app.theme", "dark or light", id="theme"),
    ),
    *_group(
        "one backend, or two",
        Binding(
            "right,l", "app.focus_card(1, 0)", "focus the card to the right", id="focus-right", key_display="→ l"
        ),
        Binding("left,h", "app.focus_card(-1, 0)", "focus the card to the left", id="focus-left", key_display="← h"),
        Binding(
            "down,j",
            "app.focus_card(0, 1)",
            "focus the card below; on a page, scroll",
            id="focus-down",
            key_display="↓ j",
        ),
        Binding(
            "up,k",
            "app.focus_card(0, -1)",
            "focus the card above; on a page, scroll",
            id="focus-up",
            key_display="↑ k",
        ),
        Binding("pagedown", "app.scroll(1)", "a screen further down a page", id="page-down", key_display="pgdn"),
        Binding("pageup", "app.scroll(-1)", "a screen further up", id="page-up", key_display="pgup"),
        Binding(
            "enter,e",
            "app.expand",
            "everything about the backend in focus, and back",
            id="expand",
            key_display="enter e",
        ),
        Binding("c", "app.compare", "compare it with another (← → which one), and back", id="compare"),
        Binding("a", "app.compare_first", "of two compared, another first one", id="compare-first"),
        Binding(
            "slash",
            "app.seek",
            "filter: only backends with a word, or p95 under a limit",
            id="filter",
            key_display="/",
        ),
        Binding("greater_than_sign,f6", "app.sort(1)", "sort by the next figure", id="sort-next", key_display="> F6"),
        Binding("less_than_sign", "app.sort(-1)", "sort by the one before", id="sort-previous", key_display="<"),
    ),
    *_group(
        "time",
        Binding("z", "app.zoom(1)", "zoom out: more time, wider columns", id="time-more"),
        Binding("Z", "app.zoom(-1)", "zoom in: less time, narrower columns", id="time-less"),
        Binding("shift+left", "app.look(-1)", "look further back", id="look-back", key_display="shift+←"),
        Binding("shift+right", "app.look(1)", "look on, at the end now", id="look-on", key_display="shift+→"),
        Binding("N", "app.event(-1)", "look at the event before", id="event-previous"),
        Binding("n", "app.event(1)", "look at the event after; after the last, now", id="event-next"),
        Binding("r", "app.reset", "reset: figures start anew from now, the run goes on", id="reset"),
        Binding("left_square_bracket", "app.refresh_rate(-1)", "draw less often", id="refresh-less", key_display="["),
        Binding("right_square_bracket", "app.refresh_rate(1)", "draw more often", id="refresh-more", key_display="]"),
    ),
    *_group(
        "the run",
        Binding("plus,equals_sign", "app.ask('more load')", "more load", id="load-up", key_display="+ ="),
        Binding("minus", "app.ask('less load')", "less load", id="load-down", key_display="-"),
        Binding("A", "app.arrivals", "arrivals: closed loop, even, Poisson, bursts", id="arrivals"),
        Binding("w", "app.ask('next workload')", "next workload", id="workload"),
        Binding("W", "app.what_if", "what if the backend in focus were another", id="what-if"),
        Binding("x", "app.hold", "hold: send nothing to the backend in focus, or go on", id="hold"),
    ),
    *_group(
        "to take away",
        Binding("s", "app.picture", "screenshot: this screen as a picture, into this folder", id="screenshot"),
        Binding("E", "app.export", "export: a report for a colleague, into this folder", id="export"),
        Binding("P", "app.ask('save')", "save this session as a profile", id="save"),
    ),
    *_group(
        "infertop",
        Binding("ctrl+p", "app.palette", "everything there is to do, by name", id="palette", key_display="ctrl+p"),
        Binding("question_mark,f1", "app.help", "this help", id="help", key_display="? F1"),
        Binding(
            "escape", "app.step_back", "back: to the panels, to now, to all backends", id="back", key_display="esc"
        ),
        Binding("D", "app.detach", "detach: leave, the run goes on (infertop attach)", id="detach"),
        Binding(
            "q,f10", "app.quit", "quit: stop the run and leave with a summary", id="quit", key_display="q ctrl+c"
        ),
    ),
)
"""In the order of the help screen; every binding belongs to a group of it."""

EVERYWHERE: Final[list[BindingType]] = [
    Binding("ctrl+c", "interrupt", "quit", id="interrupt", priority=True, show=False)
]
"""Keys that work on any screen and cannot be rebound."""

_ON_PAGES: Final = (
    (("metric-next",), "metric"),
    (("freeze",), "freeze"),
    (("load-up", "load-down"), "load"),
    (("export",), "export"),
    (("screenshot",), "picture"),
    (("hold",), "hold"),
    (("palette",), "all"),
)
_HINTS: Final[dict[Page, tuple[tuple[tuple[str, ...], str], ...]]] = {
    "board": (
        (("quit",), "quit"),
        (("help",), "help"),
        (("freeze",), "freeze"),
        (("metric-next",), "metric"),
        (("panel-cards", "panel-events"), "panels"),
        (("load-up", "load-down"), "load"),
        (("expand",), "depth"),
        (("compare",), "compare"),
        (("filter",), "filter"),
        (("event-previous",), "events"),
        (("export",), "export"),
        (("sort-next",), "sort"),
        (("palette",), "all"),
        (("workload",), "workload"),
        (("screenshot",), "picture"),
        (("time-more",), "time"),
        (("hold",), "hold"),
        (("reset",), "reset"),
        (("theme",), "theme"),
        (("save",), "save"),
    ),
    "depth": (
        (("quit",), "quit"),
        (("help",), "help"),
        (("back",), "back"),
        (("focus-left", "focus-right"), "another one"),
        (("focus-down", "focus-up"), "scroll"),
        (("compare",), "compare"),
        *_ON_PAGES,
    ),
    "compare": (
        (("quit",), "quit"),
        (("help",), "help"),
        (("back",), "back"),
        (("compare-first",), "another a"),
        (("focus-left", "focus-right"), "another b"),
        (("focus-down", "focus-up"), "scroll"),
        *_ON_PAGES,
    ),
}
"""(ids, word) for the footer of each page, the most useful first."""

_MODIFIERS: Final = frozenset({"ctrl", "shift", "alt", "super", "hyper", "meta"})
_SIGNS: Final = frozenset({"plus", "minus", "slash", "backslash", "at", "underscore"})
_NAMED: Final = frozenset(key.value for key in KeyNames) | _SIGNS


class BadKeyError(ValueError):
    """Keys that cannot be bound so; the text names the id and says what would be right."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The bindings in force.

    Attributes:
        bindings: of the console, in the order of the help screen.
        elsewhere: of the other screens.
    """

    bindings: tuple[Binding, ...] = KEYS
    elsewhere: Mapping[Elsewhere, tuple[Binding, ...]] = field(default_factory=lambda: ELSEWHERE)

    @classmethod
    def rebound(cls, wanted: Mapping[str, str]) -> "Keys":
        """The default bindings, those named in `wanted` on other keys (several joined by commas).

        Raises:
            BadKeyError: an id or a key is unknown, two ids of a screen share a key, or a letter is typed there.
        """
        ids = [str(binding.id) for bindings in (KEYS, *ELSEWHERE.values()) for binding in bindings]
        for name, keys in wanted.items():
            if name not in ids:
                raise BadKeyError(f"{name}: nothing has this id{suggestion(name, ids)}")
            for key in _split(keys):
                if not _is_key(key):
                    raise BadKeyError(f"{name}: {key!r} is no key; write one such as x, X, f2, ctrl+k, space or plus")
        made = cls(_moved(KEYS, wanted), {screen: _moved(keys, wanted) for screen, keys in ELSEWHERE.items()})
        for bindings in (made.bindings, *made.elsewhere.values()):
            _check_apart(bindings)
        for screen in TYPED_IN:
            _check_no_letters(made.elsewhere[screen])
        return made

    @property
    def keymap(self) -> dict[str, str]:
        """For Textual: the keys of all other screens, by id."""
        return {str(binding.id): binding.key for bindings in self.elsewhere.values() for binding in bindings}

    def named(self, *ids: str) -> str:
        """What the first keys of `ids` are called, on whatever screen."""
        known = {str(each.id): each for each in chain(self.bindings, *self.elsewhere.values())}
        return _together([shown(known[name]) for name in ids if name in known])

    def hints(self, page: Page) -> tuple[tuple[str, str], ...]:
        """(key, word) for the footer of `page`, the most useful first."""
        return tuple((key, word) for ids, word in _HINTS[page] if (key := self.named(*ids)))


DEFAULT: Final = Keys()


def _together(keys: list[str]) -> str:
    """The keys of one hint: `1-9`, `+/-`."""
    return ("-" if all(key.isdigit() for key in keys) else "/").join(keys)


def shown(binding: Binding) -> str:
    """The first key of `binding`, as people call it."""
    return (binding.key_display or binding.key.replace(",", " ")).split(" ")[0]


def _moved(bindings: Iterable[Binding], wanted: Mapping[str, str]) -> tuple[Binding, ...]:
    return tuple(
        replace(binding, key=",".join(map(_plain, _split(keys))), key_display=" ".join(_split(keys)))
        if (keys := wanted.get(str(binding.id))) is not None
        else binding
        for binding in bindings
    )


def _check_apart(bindings: Iterable[Binding]) -> None:
    holders: dict[str, str] = {"ctrl+c": "quit"}
    for binding in bindings:
        for key in _split(binding.key):
            other = holders.setdefault(_plain(key), str(binding.id))
            if other != binding.id:
                raise BadKeyError(f"{binding.id}: {key!r} is the key of {other} too; give {other} another one")


def _check_no_letters(bindings: Iterable[Binding]) -> None:
    for binding in bindings:
        for key in _split(binding.key):
            sign = _spelled(key)
            if len(key) == 1 or key == "space" or key in _SIGNS or (sign is not None and sign.isprintable()):
                raise BadKeyError(f"{binding.id}: {key!r} is typed there; write one such as f2 or ctrl+k")


def _split(keys: str) -> list[str]:
    return [key.strip() for key in keys.split(",")]


def _is_key(key: str) -> bool:
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    named = len(last) == 1 and last.isprintable() and last != " "
    return set(modifiers) <= _MODIFIERS and (named or last in _NAMED or _spelled(last) is not None)


def _plain(key: str) -> str:
    """`key` by Textual's own name for it."""
    if len(key) != 1 or key.isalnum():
        return key
    name = unicodedata.name(key).lower().replace("-", "_").replace(" ", "_")
    return {"solidus": "slash", "reverse_solidus": "backslash", "commercial_at": "at", "hyphen_minus": "minus",
            "plus_sign": "plus", "low_line": "underscore"}.get(name, name)  # fmt: skip


def _spelled(name: str) -> str | None:
    """The character that a name such as `left_square_bracket` means."""
    try:
        return unicodedata.lookup(name.replace("_", " "))
    except KeyError:
        return None
