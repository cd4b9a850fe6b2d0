"""A sweep for people: a table a backend, what was found, and what to know before believing it.

Pure: a Sweep and a width in, text out. Nothing rests on colour alone; without colour there is no control code.
"""

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Final

from rich.cells import cell_len

from ...backends.printable import printable
from ...engine.frame import Label
from ...engine.sweep import reading
from ...engine.sweep.deciding import standings
from ...engine.sweep.estimate import Estimate
from ...engine.sweep.pareto import choices, front
from ...engine.sweep.sweep import Curve, Point, Sweep
from ...engine.workloads.mix import in_short
from ..figures import duration, fine, number, usd
from ..table import BOLD, DIM, RED, Cell, Paint, aligned, coloured, plain, wrapped

_UNKNOWN: Final = Cell("–")
_GAP: Final = "  "
_AXES: Final = {"concurrency": "in flight", "rate": "per second"}


def render(sweep: Sweep, width: int, *, colour: bool = False) -> str:
    """The tables of `sweep`, with a final line end."""
    paint = coloured if colour else plain
    sections = [
        [*wrapped(_heading(sweep), width, paint, BOLD)],
        *([*_section(sweep, curve, width, paint)] for curve in sweep.curves),
        [line for text in notes(sweep) for line in wrapped(text, width, paint, DIM)],
    ]
    return "\n".join("".join(f"{line.rstrip()}\n" for line in lines) for lines in sections if lines)


def titles(sweep: Sweep) -> list[str]:
    """The heads of the columns."""
    return [
        _AXES[sweep.axis], "tok/s", "/user", "/chip", "TTFT p50", "p95 ms", "TPOT p50", "p95 ms", "good/s", "$/M out",
        "J/tok", "sent", "",
    ]  # fmt: skip


def rows(sweep: Sweep, curve: Curve) -> Iterator[list[Cell]]:
    """The cells of each of a curve's points, in the order of `titles`."""
    efficient = {choice.level for choice in front(choices(sweep.curves)) if choice.backend == curve.backend.name}
    for point in curve.points:
        words = _words(sweep, curve, point)
        if point.level in efficient:
            words.append("efficient")
        yield [
            Cell(f"{point.level:g}", BOLD if words[:1] in (["best"], ["knee"]) else ""),
            _cell(reading.tok_s(point)),
            _cell(reading.tok_s_per_user(point)),
            _cell(reading.tok_s_per_chip(point, curve.backend)),
            *(_quantile(point, metric, p) for metric in ("ttft_sched", "tpot") for p in (0.5, 0.95)),
            _cell(reading.goodput(point)),
            _UNKNOWN if (cost := reading.usd_per_m(point)) is None else Cell(usd(cost.value)),
            _UNKNOWN if (energy := reading.j_per_token(point)) is None else Cell(fine(energy.value)),
            Cell(f"{point.requests:,}"),
            Cell(", ".join(words)),
        ]


def findings(sweep: Sweep, curve: Curve) -> Iterator[str]:
    """What was found of a backend, in sentences."""
    if curve.failed:
        yield f"could not be measured: {printable(curve.done, 300)}"
        return
    unit = _AXES[sweep.axis]
    wanted = " and ".join(map(str, sweep.targets))
    best = reading.best(curve, sweep.targets)
    if best is not None:
        held, missed = best.bracket
        above = "none is known to miss" if missed is None else f"missed at {missed:g}"
        known = f"held at {held:g}" if held is not None else "not yet certain to be held anywhere"
        yield (
            f"{wanted}: most tokens/s at {best.level:g} {unit}, {number(best.tok_s)} tok/s"
            f"{_between(best)}; {known}, {above}"
        )
    elif sweep.targets and curve.points:
        yield f"{wanted}: held at no level"
    knee = reading.knee(curve)
    if knee is not None:
        yield f"knee at {knee.level:g} {unit}: {number(knee.tok_s)} tok/s; more load adds latency, hardly tokens"
    elif len(curve.points) > 1:
        yield f"no knee: tokens/s still rise at {curve.points[-1].level:g} {unit}"
    if not curve.done:
        yield "not finished: --resume goes on"


def _between(best: reading.Best) -> str:
    """The interval of its tokens/s, as far as there is one."""
    if isfinite(best.high):
        return f" ({number(best.low)}–{number(best.high)})"
    return f" ({number(best.low)} or more)" if best.low else ""


def label(curve: Curve) -> Label:
    """LIVE or SIM."""
    if curve.points:
        return curve.points[0].counted.label
    return "SIM" if curve.backend.url.startswith("sim:") else "LIVE"


def _section(sweep: Sweep, curve: Curve, width: int, paint: Paint) -> Iterator[str]:
    yield f"{paint(printable(curve.backend.name, 40), BOLD)}  {label(curve)}"
    if curve.points:
        yield from _columns(sweep, list(rows(sweep, curve)), width, paint)
    for text in findings(sweep, curve):
        yield from wrapped(text, width, paint, RED if curve.failed else "", indent="  ")
    for point in curve.points:
        if point.cut:
            yield from wrapped(f"at {point.level:g}: {printable(point.cut, 200)}", width, paint, DIM, indent="  ")


def _columns(sweep: Sweep, cells: Sequence[Sequence[Cell]], width: int, paint: Paint) -> Iterator[str]:
    heads = titles(sweep)
    shown = [at for at, head in enumerate(heads) if not head or any(row[at] != _UNKNOWN for row in cells)]
    widths = {at: max(cell_len(heads[at]), *(cell_len(row[at].text) for row in cells)) for at in shown}
    for at in (3, 8, 10, 11, 7, 4):  # what a narrow terminal can do without, the least first
        if at in shown and sum(widths[each] + len(_GAP) for each in shown) > width:
            shown.remove(at)
    yield paint(_GAP.join(aligned(heads[at], widths[at], left=False) for at in shown[:-1]), DIM)
    for row in cells:
        yield _GAP.join(
            paint(aligned(row[at].text, widths[at], left=at == len(heads) - 1), row[at].style) for at in shown
        )


def _words(sweep: Sweep, curve: Curve, point: Point) -> list[str]:
    words = []
    best, knee = reading.best(curve, sweep.targets), reading.knee(curve)
    if best is not None and best.level == point.level:
        words.append("best")
    if knee is not None and knee.level == point.level:
        words.append("knee")
    found = standings(curve.points, sweep.targets)
    if found:
        standing = found[point.level]
        guess = "holds?" if standing.holding else "misses?"
        words.append(guess if standing.outcome == "undecided" else standing.outcome)
    return words


def _cell(estimate: Estimate | None) -> Cell:
    return _UNKNOWN if estimate is None else Cell(number(estimate.value))


def _quantile(point: Point, metric: str, p: float) -> Cell:
    """In ms, with a `?` before it when the sample is too small for it."""
    found = reading.quantile(point, metric, p)
    if found is None:
        return _UNKNOWN
    text = number(found.value)
    return Cell(text) if reading.supported(point, metric, p) else Cell(f"?{text}", DIM)


def _heading(sweep: Sweep) -> str:
    progress = sweep.progress
    parts = [f"{printable(sweep.title, 60)}: sweep of {sweep.axis}, {sweep.low:g} to {sweep.high:g}"]
    parts += [printable(in_short(sweep.plan.workload), 40), *map(str, sweep.targets)]
    parts.append(f"{progress.requests_done:,} requests")
    if progress.spent_usd:
        parts.append(f"spent {usd(progress.spent_usd)}")
    if sweep.virtual:
        parts.append("virtual time")
    return " · ".join(parts)


def notes(sweep: Sweep) -> Iterator[str]:
    """What to know before believing a table."""
    if sweep.state == "stopped":
        yield f"stopped: {printable(sweep.why, 200)}"
    elif sweep.state == "running" and sweep.progress.eta_s is not None:
        yield f"about {duration(sweep.progress.eta_s)} left"
    points = [point for curve in sweep.curves for point in curve.points]
    if any(not reading.supported(point, "ttft_sched", 0.95) for point in points):
        yield "?: too few answers for this percentile to be more than a hint"
    if sweep.targets and any("?" in word for curve in sweep.curves for row in rows(sweep, curve) for word in row[-1]):
        yield "holds? and misses?: the best guess, where the answers do not decide it"
    if choices(sweep.curves):
        yield (
            "efficient: no other point of any backend is better in tok/s per user, tok/s per chip and $/M together; "
            "$/M is at that load, never idle"
        )
    if sweep.together and len(sweep.curves) > 1:
        yield "all backends were under load at once: they may have disturbed each other on this client"
