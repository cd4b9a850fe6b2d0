"""The strip under the panels: figures in large digits, the scene's title with the time played, its caption."""

from collections.abc import Sequence

from ..draw.glyphs import Tier
from ..draw.rows import BLANK, Row, Span, fit_row, fit_rows, join, row_width, wrap
from ..draw.units import clock
from ..view import View
from .director import Mode, Progress
from .figures import HEIGHT, Figure, draw_figures
from .script import Act, Setting

_BESIDE = 150
"""From this width on figures stand beside the caption instead of above it."""

_CAPTION = 100
"""Most cells of a line of the caption: longer ones are hard to read aloud from."""

_SAID: dict[Mode, str] = {"playing": "", "paused": "PAUSED", "free": "FREE ROAM", "over": "THE END"}


def strip_height(progress: Progress, width: int, height: int) -> int:
    """Rows of the strip on a screen of `width` x `height`: the same all through a scene, half the screen at most."""
    if progress.mode == "free":
        return 1
    figures = _figures_rows(progress.act)
    texts = max(len(_text(cue.setting.caption, cue.setting.look, _text_width(width))) for cue in progress.act.cues)
    most = max(height // 2 - 1, 1)
    if width >= _BESIDE:
        return min(1 + max(texts, figures), most)
    return min(1 + texts + (figures if 1 + texts + figures <= most else 0), most)


def draw_strip(
    progress: Progress, setting: Setting, figures: Sequence[Figure], view: View, width: int, rows: int
) -> list[Row]:
    """The strip in exactly `rows` rows, as many as `strip_height` asks for."""
    room = rows - 1
    text = _text(setting.caption, setting.look, _text_width(width))
    needed = _figures_rows(progress.act)
    left = _text_width(width) + 4 if width >= _BESIDE else 0
    drawn = draw_figures(figures, view, width - left - 1) if figures else []
    if left:
        pairs = zip(fit_rows(text, room), fit_rows(drawn, room), strict=True)
        body = [(*fit_row(words, left), *amounts) for words, amounts in pairs]
    elif len(text) + needed <= room:
        body = [*fit_rows(drawn, needed), *text]
    else:
        body = text
    return [fit_row(row, width) for row in (_rule(progress, view, width), *fit_rows(body, room))]


def _figures_rows(act: Act) -> int:
    return HEIGHT if any(cue.setting.figures or cue.setting.split for cue in act.cues) else 0


def _text_width(width: int) -> int:
    if width >= _BESIDE:
        return min(width // 2 - 4, _CAPTION)
    return min(width - 3, _CAPTION)


def _text(caption: str, look: str, width: int) -> list[Row]:
    """The caption and what to look at, indented."""
    lines = wrap((Span(caption, "strong"),), width)
    if look:
        first, *others = wrap((Span(look),), width - 2)
        lines += [(Span("▸ ", "focus"), *first), *((Span("  "), *line) for line in others)]
    return [(Span("  "), *line) for line in lines]


def _rule(progress: Progress, view: View, width: int) -> Row:
    """A line across the screen: number and title, how it stands, and the part of it that is played drawn heavy."""
    title: Row = (Span(f" {progress.number}/{progress.of} ", "tab on"), Span(f" {progress.act.title} ", "strong"))
    elapsed, lasts = (clock(round(seconds) * 1_000_000_000) for seconds in (progress.elapsed_s, progress.act.lasts_s))
    said = _SAID[progress.mode]
    state: Row = (Span(f" {said} ", "frozen"), Span(" ")) if said else BLANK
    time: Row = (*state, Span("SIM", "sim"), Span(f"  {elapsed} of {lasts} ", "dim"))
    room = width - 2 - row_width(title) - row_width(time)
    played = round(room * progress.elapsed_s / progress.act.lasts_s) if room > 0 else 0
    heavy, light = ("=", "-") if view.tier is Tier.ASCII else ("━", "─")
    bar: Row = (Span(heavy * played, "focus"), Span(light * (room - played), "line")) if room > 0 else BLANK
    return fit_row(join(((Span(light, "line"),), title, bar, (Span(" "), *time)), Span("")), width)
