"""From one view to the next: what looking at other backends, pages and moments makes of a view. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from .board import Board
from .draw.units import clock
from .past import span_reaching
from .view import LOOK_COLUMNS, Panel, View

_SECOND_NS = 1_000_000_000


def next_to(shown: Sequence[int], series: int | None, by: int, besides: int) -> int | None:
    """The series number `by` places on from `series` among those `shown`, round and round, leaving out `besides`."""
    others = [each for each in shown if each != besides]
    if not others:
        return None
    at = others.index(series) + by if series in others else 0
    return others[at % len(others)]


def across(view: View, by: int, shown: Sequence[int]) -> View:
    """On a page: of another backend; of two, another second one."""
    if view.page == "depth":
        return replace(view.moved(by, shown), scroll=0)
    return replace(view, versus=next_to(shown, view.versus, by, view.focus))


def expanded(view: View) -> View:
    """The page of the backend in focus, and back."""
    return replace(view, expanded=not view.expanded, versus=None, scroll=0)


def compared(view: View, shown: Sequence[int]) -> View:
    """The page of two backends, and back; the panels where there is no other backend."""
    versus = None if view.page == "compare" else next_to(shown, None, 0, view.focus)
    return replace(view, versus=versus, expanded=False, scroll=0)


def compared_first(view: View, shown: Sequence[int]) -> View:
    """Of two compared, another first one."""
    if view.versus is None:
        return view
    focus = next_to(shown, view.focus, 1, view.versus)
    return view if focus is None else replace(view, focus=focus)


def step_back(view: View) -> View:
    """From a page to the panels, from a moment to now, from some backends to all: one at a time."""
    if view.page != "board":
        return replace(view, expanded=False, versus=None, scroll=0)
    if view.moment_s is not None:
        return replace(view, moment_s=None, notice="")
    return replace(view, sought="")


def looked(view: View, board: Board, by: int, keys: str) -> View:
    """Earlier where time runs across (`by` -1), or later; at the end of it, now. `keys` says how to go on."""
    now_s = board.header.at_ns // _SECOND_NS
    from_s = now_s if view.moment_s is None else view.moment_s
    moment_s = max(from_s + by * LOOK_COLUMNS * view.span_s, 0)
    if moment_s >= now_s:
        return replace(view, moment_s=None, notice="")
    notice = f"looking at {clock(moment_s * _SECOND_NS)}   ({keys})"
    return replace(view, moment_s=moment_s, notice=notice)


def at_event(view: View, board: Board, by: int, seen: Collection[Panel], keys: str) -> View | None:
    """At the event before where time runs across (`by` -1), or after; None where there is none.

    Args:
        view: before.
        board: with the events.
        by: which way.
        seen: panels that have room.
        keys: how to go on from there, in words.
    """
    cards = {card.series: card for card in board.cards}
    at_s = float("inf") if view.moment_s is None else view.moment_s
    events = [event for event in board.events if event.series is None or event.series in cards]
    beyond = [event for event in events if (event.at_ns // _SECOND_NS - at_s) * by > 0]
    if not beyond:
        return None
    event = beyond[-1] if by < 0 else beyond[0]
    moment_s = event.at_ns // _SECOND_NS
    if view.page == "depth":
        view = replace(view, expanded=False, scroll=0)
    if view.page == "board" and "heat" not in seen:
        view = view.toggled("heat", seen)
    who = f"{cards[event.series].name}: " if event.series is not None else ""
    return replace(
        view,
        moment_s=moment_s,
        span_s=max(view.span_s, span_reaching(board.header.at_ns // _SECOND_NS - moment_s)),
        focus=view.focus if event.series is None else event.series,
        notice=f"{clock(event.at_ns)}  {who}{event.text}   ({keys})",
    )
