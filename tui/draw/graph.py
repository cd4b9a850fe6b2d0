"""Filled graphs and bars from arrays: the same heights in braille dots or in eighths of a block."""

from typing import Final

import numpy as np
import numpy.typing as npt

from .glyphs import Tier

Floats = npt.NDArray[np.float64]

_BLOCKS: Final = np.array(list(" ▁▂▃▄▅▆▇█"))
_LEFT_DOTS: Final = (0x00, 0x40, 0x44, 0x46, 0x47)
_RIGHT_DOTS: Final = (0x00, 0x80, 0xA0, 0xB0, 0xB8)
_BRAILLE: Final = np.array([[chr(0x2800 + left + right) for right in _RIGHT_DOTS] for left in _LEFT_DOTS])
_BRAILLE[0, 0] = " "


def levels(shares: Floats, most: int) -> npt.NDArray[np.int64]:
    """Shares of the full height as whole steps of 0…`most`; anything above zero shows, NaN does not."""
    steps = np.zeros(shares.shape, np.int64)
    shown = shares > 0
    steps[shown] = np.minimum(np.maximum(np.ceil(shares[shown] * most - 0.5), 1), most)
    return steps


def bars(shares: Floats, rows: int) -> list[str]:
    """One bar per cell, `rows` cells high, eight steps a cell. Top row first.

    Args:
        shares: heights as shares of the full height, shape (width,).
        rows: height in cells.
    """
    steps = levels(shares, 8 * rows)
    return ["".join(_BLOCKS[np.minimum(np.maximum(steps - 8 * row, 0), 8)]) for row in reversed(range(rows))]


def area(values: Floats, top: float, width: int, rows: int, tier: Tier) -> list[str]:
    """A graph over time that starts at zero, newest value at the right edge. Top row first.

    Args:
        values: oldest first, two per cell; NaN where there was nothing yet.
        top: value at full height.
        width: in cells; only the newest `2 * width` values are drawn.
        rows: height in cells.
        tier: braille draws both values of a cell; blocks, and any graph of one row, draw their mean in finer steps.
    """
    shares = np.full(2 * width, np.nan)
    newest = values[-2 * width :] if width else values[:0]
    if len(newest):
        shares[-len(newest) :] = newest / top
    pairs = shares.reshape(width, 2)
    if tier is not Tier.BRAILLE or rows == 1:
        return bars(np.nan_to_num(pairs).mean(axis=1), rows)
    steps = levels(pairs, 4 * rows)
    made: list[str] = []
    for row in reversed(range(rows)):
        dots = np.minimum(np.maximum(steps - 4 * row, 0), 4)
        made.append("".join(_BRAILLE[dots[:, 0], dots[:, 1]]))
    return made


_STEPS: Final = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


def round_up(value: float) -> float:
    """The least pretty number (1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten) not below `value` > 0."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * next(step for step in _STEPS if step * power >= value * (1 - 1e-12)))
