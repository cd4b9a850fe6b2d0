"""Roles to styles: a calm dark theme, its light twin, and one without any colour.

Series colours follow Okabe and Ito's colour-blind safe set, shifted for contrast on each ground; neighbours differ in
luminance too, and every series has a marker, so colour never carries meaning alone.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

from rich.style import Style

SERIES: Final = 8


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one theme.

    Attributes:
        name: also the Textual theme's.
        ground, text: of everything that has no other role.
        dim: labels and units; weak: figures below their sample floor; line: borders and rules.
        good, warn, bad: with a word beside them, always.
        series: one per backend.
        bright: for focus and marks.
        sim: for the label of what is simulated.
        heat: the shades of `draw.heat` from little to much, after cividis: even in luminance, so that neither
            colour-blind eyes nor greyscale lose the order; the least stands out from the ground. Role "heat 3 1" is
            shade 3 above shade 1, 0 the ground.
    """

    name: str
    dark: bool
    ground: str
    text: str
    dim: str
    weak: str
    line: str
    good: str
    warn: str
    bad: str
    bright: str
    sim: str
    series: tuple[str, ...]
    heat: tuple[str, ...]


DARK: Final = Palette(
    name="infertop-dark",
    dark=True,
    ground="#0f1318",
    text="#d5dae1",
    dim="#8b95a3",
    weak="#626c7a",
    line="#39424e",
    good="#4cc38a",
    warn="#f0b429",
    bad="#ff7b63",
    bright="#ffffff",
    sim="#b9a5e8",
    series=("#56b4e9", "#dd8500", "#3fd6a6", "#c471a0", "#f0e442", "#e8663a", "#dfe5ec", "#7488ee"),
    heat=("#16336b", "#35476b", "#52586d", "#6e6e72", "#8f8a78", "#b2a770", "#d7c55e", "#fee838"),
)
LIGHT: Final = Palette(
    name="infertop-light",
    dark=False,
    ground="#fbfaf7",
    text="#23292f",
    dim="#5f6873",
    weak="#949ca6",
    line="#cfd0cc",
    good="#0b7a4b",
    warn="#8a5a00",
    bad="#b3261e",
    bright="#000000",
    sim="#6d4fc4",
    series=("#0065a8", "#a35a00", "#005a42", "#a8457f", "#544c00", "#bd4310", "#2e3640", "#4a5bd6"),
    heat=("#efe6b0", "#dccb78", "#bfae6b", "#9b9378", "#77777a", "#575f70", "#35476b", "#00224e"),
)
PALETTES: Final = (DARK, LIGHT)


def palette_named(name: str) -> Palette:
    """The palette called `name`, the first where none is."""
    return next((palette for palette in PALETTES if palette.name == name), PALETTES[0])


@cache
def styles(palette: Palette | None) -> dict[str, Style]:
    """The style of every role; without a palette, weight alone tells them apart (NO_COLOR)."""
    if palette is None:
        return _plain()
    p = palette
    plain = {
        "": p.text,
        "dim": p.dim,
        "weak": p.weak,
        "line": p.line,
        "focus": p.bright,
        "good": p.good,
        "tab": p.dim,
    }
    plain |= {"warn": p.warn} | {f"series{at}": colour for at, colour in enumerate(p.series)}
    bold = dict.fromkeys(("strong", "mark", "brand", "notice"), p.bright)
    bold |= {"title": p.dim, "key": p.text, "bad": p.bad, "live": p.good, "sim": p.sim, "replay": p.series[7]}
    bold |= {f"series{at} strong": colour for at, colour in enumerate(p.series)}
    shades = (p.ground, *p.heat)
    strokes = {
        f"stroke {level}{weak}": Style(color=colour, bgcolor=shade)
        for level, shade in enumerate(shades)
        for weak, colour in _stroke_colours(p, strong=2 * level > len(p.heat)).items()
    }
    filled = {"tab on": p.text, "frozen": p.series[0], "done": p.text, "alarm": p.bad}
    return {
        **{role: Style(color=colour, bgcolor=p.ground) for role, colour in plain.items()},
        **{role: Style(color=colour, bgcolor=p.ground, bold=True) for role, colour in bold.items()},
        **{role: Style(color=p.ground, bgcolor=colour, bold=True) for role, colour in filled.items()},
        **{
            f"heat {upper} {lower}": Style(color=shades[upper], bgcolor=shades[lower])
            for upper in range(len(shades))
            for lower in range(len(shades))
        },
        **strokes,
    }


def _stroke_colours(p: Palette, *, strong: bool) -> dict[str, str]:
    """Of a stroke over a `strong` shade or one near the ground, by the end of its role's name."""
    return {"": p.ground, " weak": p.line} if strong else {"": p.bright, " weak": p.dim}


@cache
def ink() -> dict[str, Style]:
    """Styles for text printed on whatever ground a terminal has: weights, and colours readable on dark and light."""
    made = dict(_plain())
    made |= dict.fromkeys(("dim", "weak", "line", "title"), Style(dim=True))
    made |= {"good": Style(color="#009e73"), "warn": Style(color="#c98500"), "bad": Style(color="#d5481f", bold=True)}
    made |= {"live": made["good"], "sim": made["warn"]}
    for at, colour in enumerate(
        ("#3d9bd6", "#d18f00", "#009e73", "#c2679a", "#9a9000", "#d55e00", "#808890", "#6a78dd")
    ):
        made[f"series{at}"], made[f"series{at} strong"] = Style(color=colour), Style(color=colour, bold=True)
    return made


def _plain() -> dict[str, Style]:
    """No colour at all: bold for figures, reverse for what must be seen."""
    normal, bold, reverse = Style(), Style(bold=True), Style(reverse=True, bold=True)
    made = dict.fromkeys(("", "dim", "weak", "line", "good", "tab"), normal)
    made |= dict.fromkeys(("strong", "mark", "title", "brand", "key", "notice", "warn", "bad", "focus"), bold)
    made |= dict.fromkeys(("live", "sim", "replay"), bold)
    made |= dict.fromkeys(("tab on", "frozen", "done", "alarm"), reverse)
    for at in range(SERIES):
        made[f"series{at}"], made[f"series{at} strong"] = normal, bold
    return made
