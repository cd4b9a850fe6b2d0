"""A sweep as files for others: CSV with a row a point, Markdown, JSON. Pure."""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Final

import msgspec

from ...backends.printable import printable
from ...engine.sweep.sweep import Sweep
from ..export.files import Part
from .document import Bounded, Figures, document, figures_of, to_json
from .table import findings, label, notes, rows, titles

FORMATS: Final = ("csv", "md", "json")

_FIGURES: Final = tuple(
    field.name
    for field in msgspec.structs.fields(Figures)
    if field.name.startswith(("tok_s", "req", "good", "usd", "j_"))
)
_METRICS: Final = ("ttft_sched", "tpot", "e2e_sched")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def part(sweep: Sweep, name: str) -> Part:
    """`sweep` in the format of that name, of FORMATS."""
    if name == "json":
        return Part("json", [to_json(document(sweep)).decode()])
    return Part(name, _csv(sweep) if name == "csv" else _markdown(sweep))


def _csv(sweep: Sweep) -> Iterator[str]:
    """A row a point; an empty cell where something is not known."""
    heads = ["backend", "label", "axis", "level", "visits", "requests", "answers", "failed", "spent_usd"]
    heads += [f"{name}{end}" for name in _FIGURES for end in ("", "_low", "_high")]
    heads += [f"{metric}_p{p}_ms" for metric in _METRICS for p in (50, 95)]
    yield _line([*heads, "targets", "holding", "efficient", "cut"])
    for curve in sweep.curves:
        for point, figures in zip(curve.points, figures_of(sweep, curve), strict=True):
            counted = point.counted
            cells: list[object] = [_text(curve.backend.name), label(curve), sweep.axis, f"{point.level:g}"]
            cells += [point.visits, point.requests, counted.finished, counted.failed, f"{point.spent_usd:.6g}"]
            for name in _FIGURES:
                found: Bounded | None = getattr(figures, name)
                cells += ["", "", ""] if found is None else [found.value, found.low, found.high]
            for metric in _METRICS:
                quantiles = {each.quantile: each for each in figures.latencies_ms.get(metric, ())}
                cells += [
                    quantiles[p].value if p in quantiles and quantiles[p].supported else "" for p in (0.5, 0.95)
                ]
            yield _line([*cells, figures.targets, figures.holding, figures.efficient, _text(point.cut)])


def _line(cells: list[object]) -> str:
    written = StringIO()
    csv.writer(written, lineterminator="\n").writerow(["" if cell is None else cell for cell in cells])
    return written.getvalue()


def _text(text: str) -> str:
    """Words by others, which no spreadsheet shall take for a formula."""
    safe = printable(text, 300)
    return f"'{safe}" if safe.startswith(_FORMULA) else safe


def _markdown(sweep: Sweep) -> Iterator[str]:
    yield f"# {_escaped(sweep.title)}: sweep of {sweep.axis}\n"
    for curve in sweep.curves:
        yield f"\n## {_escaped(curve.backend.name)} ({label(curve)})\n\n"
        yield from (f"- {_escaped(text)}\n" for text in findings(sweep, curve))
        if curve.points:
            yield "\n| " + " | ".join(titles(sweep)) + " |\n" + "|---:" * (len(titles(sweep)) - 1) + "|---|\n"
            yield from ("| " + " | ".join(cell.text for cell in row) + " |\n" for row in rows(sweep, curve))
    yield "\n"
    yield from (f"{_escaped(text)}\n\n" for text in notes(sweep))


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#" else sign for sign in printable(text, 400))
