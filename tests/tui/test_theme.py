"""Colours: every role has a style, text can be read, and series differ in more than hue."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from rich.color import Color

from infertop.tui.theme import DARK, LIGHT, PALETTES, SERIES, ink, styles

PANELS = Path(__file__).resolve().parents[2] / "tui"


def luminance(colour):
    """Relative luminance (WCAG 2.2)."""
    channels = [value / 255 for value in Color.parse(colour).get_truecolor()]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def used_roles():
    """Every literal role in the drawing code."""
    roles = set()
    for path in [*PANELS.rglob("panels/*.py"), PANELS / "screens" / "live.py"]:
        for call in re.findall(r"Span\((?:[^()]|\([^()]*\))*\)", path.read_text(encoding="utf-8")):
            roles |= set(re.findall(r', "([a-z ]*)"\)$', call))
    return roles


def test_every_role_the_panels_use_has_a_style_in_every_theme():
    roles = used_roles() | {"live", "sim", "replay"} | {f"series{at}" for at in range(SERIES)}
    assert len(roles) > 20
    for known in (*(styles(palette) for palette in PALETTES), styles(None), ink()):
        assert roles <= set(known)


@pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)
def test_text_can_be_read(palette):
    for name in ("text", "dim", "good", "warn", "bad", "bright", "sim"):
        assert contrast(getattr(palette, name), palette.ground) >= 4.5, name
    assert contrast(palette.weak, palette.ground) >= 2.5
    assert all(contrast(colour, palette.ground) >= 4.5 for colour in palette.series)


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda palette: palette.name)
def test_neighbouring_series_differ_in_luminance(palette):
    assert len(set(palette.series)) == SERIES
    assert all(contrast(a, b) > 1.15 for a, b in pairwise(palette.series))


def test_without_colour_there_is_none():
    assert all(style.color is None and style.bgcolor is None for style in styles(None).values())
