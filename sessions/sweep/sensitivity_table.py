"""How each backend takes other workloads, for people: a row a backend and workload. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len

from ...backends.printable import printable
from ...engine.sweep.estimate import Estimate
from ...engine.sweep.sensitivity import Sensitivity, sensitivity
from ...engine.sweep.sweep import Sweep
from ..figures import number
from ..table import BOLD, DIM, Paint, aligned, coloured, plain, wrapped

_WORDS: Final = 2
"""Columns of words, before those of figures."""


def render(sweeps: Sequence[Sweep], width: int, *, colour: bool = False) -> str:
    """The table of `sweeps` (at least one), compared with the first of them; with a final line end."""
    paint = coloured if colour else plain
    found = sensitivity(sweeps)
    return "".join(f"{line.rstrip()}\n" for line in _lines(sweeps, found, width, paint))


def _lines(sweeps: Sequence[Sweep], found: Sequence[Sensitivity], width: int, paint: Paint) -> Iterator[str]:
    first = sweeps[0]
    target = str(first.targets[0]).partition("<")[0] if first.targets else "p95_ttft"
    unit = "in flight" if first.axis == "concurrency" else "per second"
    yield from wrapped(f"{printable(first.title, 60)}: sensitivity to the workload", width, paint, BOLD)
    heads = ["backend", "workload", "req/s", "ratio", f"{target} ms", "ratio", unit]
    rows = [
        [
            printable(each.backend, 30) if at == 0 else "",
            printable(effect.workload, 40),
            _figure(effect.capacity),
            _ratio(effect.capacity_ratio) if at else "1",
            _figure(effect.latency_ms),
            _ratio(effect.latency_ratio) if at else "1",
            "–" if each.level is None else f"{each.level:g}",
        ]
        for each in found
        for at, effect in enumerate(each.effects)
    ]
    widths = [max(map(cell_len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        cells = "  ".join(aligned(cell, widths[at], left=at < _WORDS) for at, cell in enumerate(row))
        yield paint(cells, DIM) if row is heads else cells
    what = "the best load within the targets" if first.targets else "the knee"
    yield from wrapped(
        f"req/s: capacity, at {what}; ratios are to the first workload, with the interval that both leave, or a ? "
        "where the answers are too few for one. Latencies are compared at one load, the last column.",
        width,
        paint,
        DIM,
    )


def _figure(estimate: Estimate | None) -> str:
    return "–" if estimate is None else number(estimate.value)


def _ratio(estimate: Estimate | None) -> str:
    """With its interval, or a `?` where the answers do not bound it."""
    if estimate is None:
        return "–"
    if not estimate.bounded or not estimate.low:
        return f"{estimate.value:.2f}?"
    return f"{estimate.value:.2f} ({estimate.low:.2f}–{estimate.high:.2f})"
