"""A comparison as plain text for a terminal."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len

from ...backends.printable import printable
from .compare import BackendDiff, Diff, GateDiff, MetricDiff, shown
from .metrics import METRICS
from .settings import Change
from .words import change_in_words, value_in_words

_HEAD: Final = ("", "a", "b", "change", "95 % interval", "")
_GATE_WORDS: Final = {"pass": "pass", "fail": "FAIL", "not judged": "not judged"}


def render(made: Diff, width: int) -> str:
    """`made` as lines, prose no wider than `width`, with a final line end."""
    sections = [
        list(_sides(made, width)),
        list(_changed(made.changed, width)),
        *(list(_backend(each, gate_metrics(made), width)) for each in made.backends),
        list(_gates(made.gates, width)),
        [line for text in (*made.remarks, method(made)) for line in _wrapped(f"· {text}", width)],
    ]
    return "\n".join("".join(f"{line.rstrip()}\n" for line in section) for section in sections if section)


def rows(made: BackendDiff, also: Sequence[str]) -> list[tuple[str, str, str, str, str, str]]:
    """Cells of the table of one backend, without its head: metric, a, b, change, interval, verdict."""
    return [_row(each) for each in shown(made, also)]


def gate_metrics(made: Diff) -> list[str]:
    """Metrics that gates name."""
    return [name for name in METRICS if any(each.condition.strip().startswith(name) for each in made.gates)]


def outcome(gates: Sequence[GateDiff]) -> str:
    """All gates in a few words."""
    failed = sum(each.outcome == "fail" for each in gates)
    unknown = sum(each.outcome == "not judged" for each in gates)
    words = f"{failed} of {len(gates)} failed" if failed else "none failed" if unknown else "passed"
    return f"{words}, {unknown} of {len(gates)} could not be judged" if unknown else words


def method(made: Diff) -> str:
    """How the intervals came about."""
    bases = {each.basis for backend in made.backends for each in backend.metrics}
    if "repeats" in bases:
        how = "from the spread between repeats, and no narrower than each run's own noise"
    elif "one run each" in bases:
        how = (
            f"from each run's own noise and {made.run_noise * 100:g} % allowed between runs; repeats would measure it"
        )
    else:
        return "no interval is known: neither requests nor enough repeats"
    return f"95 % intervals {how}"


def _row(each: MetricDiff) -> tuple[str, str, str, str, str, str]:
    metric = METRICS[each.metric]
    interval = ""
    if each.low is not None:
        high = "∞" if each.high is None else change_in_words(metric, each.high)
        interval = f"{change_in_words(metric, each.low)} … {high}"
    verdict = f"not known: {each.why}" if each.verdict == "not known" and each.why else each.verdict
    return (
        metric.title,
        value_in_words(metric, each.a),
        value_in_words(metric, each.b),
        change_in_words(metric, each.change),
        interval,
        verdict,
    )


def _sides(made: Diff, width: int) -> Iterator[str]:
    for name, side in (("a", made.a), ("b", made.b)):
        for at, run in enumerate(side.runs):
            yield from _wrapped(run, width, "   ", f"{name}  " if not at else "   ")
        if side.alone:
            yield from _wrapped(f"only in {name}: {', '.join(side.alone)}", width, "   ", "   ")


def _changed(changed: Sequence[Change], width: int) -> Iterator[str]:
    if not changed:
        yield "no setting differs"
        return
    yield "settings that differ"
    for each in changed:
        whose = f"{each.backend} " if each.backend else ""
        yield from _wrapped(
            f"{whose}{each.what}: {each.a or 'not said'} → {each.b or 'not said'}", width, "    ", "  "
        )
        if each.matters:
            yield from _wrapped(f"! {each.matters}", width, "      ", "    ")


def _backend(made: BackendDiff, also: Sequence[str], width: int) -> Iterator[str]:
    yield made.a if made.a == made.b else f"{made.a} → {made.b}"
    for text in made.unlike:
        yield from _wrapped(f"! {text}", width, "    ", "  ")
    cells = [_HEAD, *rows(made, also)]
    widths = [max(cell_len(row[at]) for row in cells) for at in range(len(_HEAD) - 1)]
    for row in cells:
        first, *middle, verdict = row
        padded = "  ".join(
            " " * (size - cell_len(cell)) + cell for cell, size in zip(middle, widths[1:], strict=True)
        )
        yield f"  {first}{' ' * (widths[0] - cell_len(first))}  {padded}  {verdict}"


def _gates(gates: Sequence[GateDiff], width: int) -> Iterator[str]:
    if not gates:
        return
    yield f"gates: {outcome(gates)}"
    for each in gates:
        words = f"{_GATE_WORDS[each.outcome]}  {printable(each.condition, 80)}  {each.backend}: {each.text}"
        yield from _wrapped(words, width, "        ", "  ")


def _wrapped(text: str, width: int, indent: str = "  ", first: str = "") -> list[str]:
    return textwrap.wrap(text, max(width, 30), initial_indent=first, subsequent_indent=indent, break_on_hyphens=False)
