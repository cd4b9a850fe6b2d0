"""The end of a run for people: a plain-text table, the verdicts, and what to know before believing them.

Pure: a Frame and a width in, text out. Nothing rests on colour alone; without colour there is no control code.
"""

import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from rich.cells import cell_len

from ..backends.printable import printable
from ..engine.frame import BackendFrame, Frame
from ..engine.histogram import Histogram
from .figures import fine, number, share, usd
from .observed import Energy
from .remarks import footnotes, heading, verdict_lines
from .summary import Backend, Slo, document

BOLD, DIM, RED = "1", "2", "31"
_GAP: Final = "  "

Paint = Callable[[str, str], str]
"""(text, SGR style) to text."""


class Cell(NamedTuple):
    """Text of a table cell and how it is emphasised ("" not at all)."""

    text: str
    style: str = ""


_UNKNOWN: Final = Cell("–")


class Row(NamedTuple):
    """One backend's cells, in the order of the columns."""

    name: Cell
    label: Cell
    ok: Cell
    failed: Cell
    tok_s: Cell
    ttft_p50: Cell
    ttft_p95: Cell
    tpot_p50: Cell
    tpot_p95: Cell
    usd_per_m: Cell = _UNKNOWN
    spent: Cell = _UNKNOWN
    j_per_token: Cell = _UNKNOWN
    slo: Cell = _UNKNOWN


_TITLES: Final = Row(
    *map(
        Cell,
        ("backend", "", "ok", "failed", "tok/s", "p50", "p95", "p50", "p95", "$/M out", "spent", "J/tok", "SLO met"),
    )
)
_GROUPS: Final = {"ttft_p50": "TTFT ms", "tpot_p50": "TPOT ms"}
_LEFT: Final = ("name", "label")
_OPTIONAL: Final = ("usd_per_m", "spent", "j_per_token", "slo")


def render(frame: Frame, width: int, *, colour: bool = False) -> str:
    """The table of `frame`, as narrow as `width` where names and figures allow, with a final line end."""
    summary = document(frame)
    paint = coloured if colour else plain
    rows = [_row(*pair, frame) for pair in zip(summary.backends, frame.backends, strict=True)]
    troubles = [_troubles(backend) for backend in summary.backends]
    table = _Table(rows)
    body = table.lines(troubles, width, paint) if table.width <= width else _blocks(rows, troubles, width, paint)
    sections = [
        wrapped(heading(frame), width, paint, BOLD),
        body,
        [line for text in verdict_lines(summary) for line in wrapped(text, width, paint)],
        [line for text in footnotes(frame, summary) for line in wrapped(text, width, paint, DIM)],
    ]
    written = ["".join(f"{line.rstrip()}\n" for line in section) for section in sections]
    return "\n".join(section for section in written if section)


def _row(backend: Backend, counted: BackendFrame, frame: Frame) -> Row:
    requests, cost = backend.requests, backend.cost
    estimated = "≈" if backend.tokens.source == "≈" else ""
    ttft = ttft_metric(frame)
    return Row(
        name=Cell(printable(backend.name, 28), BOLD),
        label=Cell(backend.label),
        ok=Cell(f"{requests.finished:,}"),
        failed=Cell(f"{requests.failed:,}", RED if requests.failed else ""),
        tok_s=_UNKNOWN if backend.tok_s is None else Cell(estimated + number(backend.tok_s)),
        ttft_p50=_percentile(counted, ttft, 0.5),
        ttft_p95=_percentile(counted, ttft, 0.95),
        tpot_p50=_percentile(counted, "tpot", 0.5),
        tpot_p95=_percentile(counted, "tpot", 0.95),
        usd_per_m=_UNKNOWN if cost.usd_per_m_output is None else Cell(estimated + usd(cost.usd_per_m_output)),
        spent=_UNKNOWN if cost.spent_usd is None else Cell(estimated + usd(cost.spent_usd)),
        j_per_token=_energy(backend.energy, estimated),
        slo=_slo(backend.slo, frame.slo.attainment),
    )


def _energy(energy: Energy, estimated: str) -> Cell:
    """J/token with its source, grey where that is a model."""
    if energy.j_per_output_token is None:
        return _UNKNOWN
    text = f"{estimated}{fine(energy.j_per_output_token)} {energy.source}"
    return Cell(text, "" if energy.measured else DIM)


def ttft_metric(frame: Frame) -> str:
    """In an open loop TTFT counts from the scheduled time (coordinated omission)."""
    return "ttft" if frame.arrivals.kind == "closed" else "ttft_sched"


def _percentile(backend: BackendFrame, metric: str, p: float) -> Cell:
    """The percentile in ms, with a `?` before it when the sample is too small for it."""
    state = backend.histograms.get(metric)
    histogram = Histogram.of(state) if state else Histogram()
    value_ns = histogram.quantile_ns(p)
    if value_ns is None:
        return _UNKNOWN
    text = number(value_ns / 1e6)
    return Cell(text) if histogram.supports(p) else Cell(f"?{text}", DIM)


def _slo(reached: Slo, wanted: float | None) -> Cell:
    """The share with its interval, and the gate it missed."""
    if reached.attainment is None:
        return _UNKNOWN
    text = share(reached.attainment)
    if reached.low is not None and reached.high is not None:
        text += f" ({share(reached.low)}–{share(reached.high)})".replace(" %", "")
    if wanted is not None and reached.attainment < wanted:
        return Cell(f"{text} < {share(wanted)}", RED)
    return Cell(text)


def _troubles(backend: Backend) -> list[str]:
    """Errors by kind, most frequent first, the last one's text, and what never left."""
    requests = backend.requests
    lines = []
    if requests.errors:
        kinds = sorted(requests.errors.items(), key=lambda item: -item[1])
        lines.append("failed: " + " · ".join(f"{kind} {count:,}" for kind, count in kinds))
    if requests.last_error:
        lines.append(f"last: {printable(requests.last_error)}")
    if requests.not_sent:
        reasons = " · ".join(f"{printable(reason)} {count:,}" for reason, count in requests.unsent.items())
        lines.append(f"not sent: {requests.not_sent:,}{f' ({reasons})' if reasons else ''}")
    if requests.held_back:
        lines.append(f"held back by a pause or a cap before they were sent: {requests.held_back:,}")
    return lines


class _Table:
    """Rows laid out in columns as wide as their widest cell; optional columns without a figure are left out."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._shown = [
            name
            for name in Row._fields
            if name not in _OPTIONAL or any(getattr(row, name) != _UNKNOWN for row in rows)
        ]
        self._widths = {
            name: max(cell_len(getattr(row, name).text) for row in (_TITLES, *rows)) for name in self._shown
        }
        self.width = sum(self._widths.values()) + len(_GAP) * (len(self._shown) - 1)

    def lines(self, troubles: Sequence[Sequence[str]], width: int, paint: Paint) -> Iterator[str]:
        yield paint(self._groups(), DIM)
        yield paint(self._line(_TITLES, plain), DIM)
        for row, notes in zip(self._rows, troubles, strict=True):
            yield self._line(row, paint)
            for note in notes:
                yield from wrapped(note, width, paint, RED, indent="    ")

    def _groups(self) -> str:
        line, at = "", 0
        for name in self._shown:
            if name in _GROUPS:
                line = line.ljust(at + self._widths[name] - cell_len(_TITLES.ttft_p50.text)) + _GROUPS[name]
            at += self._widths[name] + len(_GAP)
        return line

    def _line(self, row: Row, paint: Paint) -> str:
        return _GAP.join(
            paint(aligned(cell.text, self._widths[name], left=name in _LEFT), cell.style)
            for name in self._shown
            for cell in [getattr(row, name)]
        )


def _blocks(rows: Sequence[Row], troubles: Sequence[Sequence[str]], width: int, paint: Paint) -> Iterator[str]:
    """For narrow terminals: a few short lines a backend."""
    for row, notes in zip(rows, troubles, strict=True):
        yield f"{paint(*row.name)}  {row.label.text}"
        yield f"  {row.tok_s.text} tok/s  {row.ok.text} ok  " + paint(f"{row.failed.text} failed", row.failed.style)
        yield f"  TTFT p50 {row.ttft_p50.text}  p95 {row.ttft_p95.text} ms"
        yield f"  TPOT p50 {row.tpot_p50.text}  p95 {row.tpot_p95.text} ms"
        if row.spent != _UNKNOWN:
            yield f"  {row.usd_per_m.text}/M out  spent {row.spent.text}"
        if row.j_per_token != _UNKNOWN:
            yield "  J/tok " + paint(*row.j_per_token)
        if row.slo != _UNKNOWN:
            yield f"  SLO met {row.slo.text}"
        for note in notes:
            yield from wrapped(note, width, paint, RED, indent="  ")


def aligned(text: str, width: int, *, left: bool) -> str:
    """`text` in `width` cells."""
    padding = " " * (width - cell_len(text))
    return text + padding if left else padding + text


def wrapped(text: str, width: int, paint: Paint, style: str = "", indent: str = "") -> Iterator[str]:
    """The lines of `text`, each no longer than `width`, further ones indented two more."""
    for line in textwrap.wrap(
        text, max(width, 20), initial_indent=indent, subsequent_indent=indent + "  ", break_long_words=False
    ):
        yield paint(line, style)


def plain(text: str, style: str) -> str:  # noqa: ARG001  the shape of Paint
    """`text` as it is."""
    return text


def coloured(text: str, style: str) -> str:
    """`text` in its style."""
    return f"\x1b[{style}m{text}\x1b[0m" if style else text
