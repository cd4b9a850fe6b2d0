"""Which characters a terminal can show: three tiers, and the markers that tell backends apart without colour."""

import os
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from rich.cells import cell_len


class Tier(StrEnum):
    """Glyphs from the finest to the safest."""

    BRAILLE = "braille"
    BLOCK = "block"
    ASCII = "ascii"


MARKERS: Final = "●■▲◆○□△◇"
"""One marker per backend, beside its colour."""

_ASCII: Final = str.maketrans(
    dict(zip(MARKERS, "o#^*cdvx", strict=True))
    | dict.fromkeys("╭╮╰╯┏┓┗┛", "+")
    | dict.fromkeys("─━", "-")
    | dict.fromkeys("│┃╵", "|")
    | dict(zip("▁▂▃▄▅▆▇█", "__..:::#", strict=True))
    | dict(zip("░▒▓┄▴", ".:*=^", strict=True))
    | {
        "▸": ">",
        "·": ".",
        "×": "x",
        "µ": "u",
        "–": "-",
        "≈": "~",
        "÷": "/",
        "…": "~",
        "→": ">",
        "←": "<",
        "↑": "^",
        "↓": "v",
    }
)


def choose_tier(environ: Mapping[str, str] = os.environ, encoding: str = "utf-8") -> Tier:
    """The tier for a terminal: `INFERTOP_GLYPHS` when set, ASCII without UTF-8 or on the Linux console."""
    asked = environ.get("INFERTOP_GLYPHS", "").lower()
    if asked in set(Tier):
        return Tier(asked)
    if encoding.lower().replace("-", "") != "utf8" or environ.get("TERM") in {"linux", "dumb", "vt100", "vt220"}:
        return Tier.ASCII
    return Tier.BRAILLE


def marker(index: int) -> str:
    """The marker of the `index`-th backend."""
    return MARKERS[index % len(MARKERS)]


def to_ascii(text: str) -> str:
    """`text` in ASCII, each character in as many cells as it took."""
    if text.isascii():
        return text
    plain = text.translate(_ASCII)
    if plain.isascii():
        return plain
    return "".join(char if char.isascii() else "?" * cell_len(char) for char in plain)
