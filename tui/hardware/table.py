"""The catalogue and the error table for people: aligned text, unknown as "–", no control codes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ...backends.fleet.accelerators import Accelerator
from ...backends.fleet.accuracy import TITLES, Figure, Summary
from ...backends.fleet.model import USUAL_CONTEXT_TOKENS
from .document import Accuracy, Catalogue, StackSheet

_UNKNOWN: Final = "–"
_FURTHEST: Final = 5

_ACCURACY_LEGEND: Final = (
    "median of |modelled − published| / published\n"
    "fitted: points the parameters were fitted on   held out: points kept aside, by a hash of their setting\n"
    "left out: fitted again without any point of the same hardware and model\n"
)

_BASIS: Final = {
    "calibrated": "measured serving this kind of model; the model was fitted to that",
    "extrapolated": "nobody published this; parameters are those of its family",
    "assumed": "published with one user only; everything under load is assumption",
}


def render_catalogue(found: Catalogue, *, sources: bool) -> str:
    """Accelerators and their usual stacks; everything about the stack where there is only one."""
    parts = [
        _table(
            "accelerators (dense compute; – is not published)",
            ("ACCELERATOR", "VENDOR", "GB", "KIND", "TB/S", "16-BIT TF", "8-BIT TF", "TDP W", "LINK GB/S", "A NODE"),
            [_chip(chip) for chip in found.accelerators],
            left=(0, 1, 3),
        ),
        _table(
            f"simulated stacks (sim:…), at contexts of {USUAL_CONTEXT_TOKENS:,} tokens",
            ("SIM:", "CHIPS", "MODEL", "BOUGHT GB", "WEIGHTS", "KV TOKENS", "TOK/S ALONE", "TOK/S FULL", "BASIS"),
            [_stack(each) for each in found.stacks],
            left=(0, 1, 2, 8),
        ),
    ]
    if sources:
        parts.append(
            _lines("sources", (f"{chip.name}: {chip.source}" for chip in found.accelerators))
            + _lines("assumed", (f"{each.id}: {line}" for each in found.stacks for line in each.assumed))
        )
    if len(found.stacks) == 1:
        parts.append(render_stack(found.stacks[0]))
    else:
        parts.append("one in full: infertop hardware h100x8/llama-3.1-405b/fp8      its errors: --accuracy\n")
    return "\n".join(parts)


def render_stack(each: StackSheet) -> str:
    """One stack: memory, speed by batch, what that rests on."""
    copies = f", {each.replicas} replicas" if each.replicas > 1 else ""
    heading = f"sim:{each.id}   SIM   {each.title}, {each.engine}, {each.model} {each.precision}{copies}\n"
    unused = each.memory_bought_gb - each.points[-1].memory_gb
    memory = (
        f"  memory   {each.memory_bought_gb:,.1f} GB bought{' a replica' if copies else ''}, "
        f"{each.memory_usable_gb:,.1f} usable, {each.weights_gb:,.1f} for weights; "
        f"room for the keys and values of {each.kv_tokens:,} tokens\n"
        f"           {max(0.0, unused):,.1f} GB is never needed at {each.points[-1].batch} sequences of "
        f"{USUAL_CONTEXT_TOKENS:,} tokens\n"
    )
    speed = _table(
        "  steady decoding" + (" of one replica" if copies else ""),
        ("BATCH", "GAP MS", "TOK/S A USER", "TOK/S", "WATTS", "J/TOKEN", "MEMORY GB"),
        [
            (
                f"{point.batch}",
                _figure(point.gap_ms),
                _figure(1000 / point.gap_ms),
                _figure(point.tok_s),
                _figure(point.power_w),
                _figure(point.power_w / point.tok_s),
                _figure(point.memory_gb),
            )
            for point in each.points
        ],
        indent="    ",
    )
    basis = f"  {each.provenance}: {_BASIS[each.provenance]}\n"
    return (
        heading
        + memory
        + speed
        + basis
        + _lines("  from", each.sources, indent="    ")
        + _lines("  assumed", each.assumed, indent="    ")
    )


def render_accuracy(found: Accuracy) -> str:
    """The error table, what is furthest off, and which stacks no published point supports."""
    parts = [
        _ACCURACY_LEGEND,
        _table(
            "",
            ("FAMILY", "METRIC", "N", "FITTED", "N", "HELD OUT", "N", "LEFT OUT"),
            list(_errors(found.summaries)),
            left=(0, 1),
        ),
        _table(
            "furthest off",
            ("POINT", "HARDWARE", "MODEL", "BATCH", "METRIC", "PUBLISHED", "MODELLED", "ERROR"),
            [_off(figure) for figure in _furthest(found.figures)],
            left=(0, 1, 2, 4),
        ),
        "".join(
            f"{word}: {', '.join(stacks)}: {_BASIS[word]}\n"
            for word in ("calibrated", "extrapolated", "assumed")
            if (stacks := [stack for stack, provenance in found.provenance.items() if provenance == word])
        ),
    ]
    return "\n".join(part for part in parts if part)


def _chip(chip: Accelerator) -> tuple[str, ...]:
    return (
        chip.name,
        chip.vendor,
        f"{chip.memory_gb:g}",
        chip.memory_kind,
        f"{chip.bandwidth_tb_s:,g}",
        f"{chip.bf16_tflops:,g}",
        _known(chip.fp8_tflops),
        _known(chip.tdp_w),
        _known(chip.link_gb_s),
        f"{chip.chips_per_node}",
    )


def _stack(each: StackSheet) -> tuple[str, ...]:
    first, last = each.points[0], each.points[-1]
    return (
        each.id,
        each.title,
        f"{each.model} {each.precision}",
        _figure(each.memory_bought_gb),
        _figure(each.weights_gb),
        f"{each.kv_tokens:,}",
        _figure(first.tok_s),
        f"{_figure(last.tok_s)} @{last.batch}",
        each.provenance,
    )


def _errors(rows: Iterable[Summary]) -> Iterator[tuple[str, ...]]:
    family = ""
    for row in rows:
        name, family = ("" if row.family == family else row.family), row.family
        splits = (row.fitted, row.held_out, row.left_out)
        yield (name, TITLES[row.metric], *(cell for count, error in splits for cell in (f"{count}", _share(error))))


def _furthest(compared: Iterable[Figure]) -> list[Figure]:
    """The figures of the main metrics with the largest errors, one a point."""
    main = [figure for figure in compared if figure.metric in {"tok_s", "itl_p50_ms", "tpot_p50_ms"}]
    worst: dict[str, Figure] = {}
    for figure in sorted(main, key=lambda each: -abs(each.error)):
        worst.setdefault(figure.point, figure)
    return list(worst.values())[:_FURTHEST]


def _off(figure: Figure) -> tuple[str, ...]:
    return (
        figure.point,
        f"{figure.platform} ×{figure.chips}",
        f"{figure.model} {figure.precision}",
        f"{figure.batch:.0f}",
        TITLES[figure.metric],
        _figure(figure.published),
        _figure(figure.modelled),
        f"{figure.error:+.0%}",
    )


def _known(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value:,g}"


def _share(error: float | None) -> str:
    return _UNKNOWN if error is None else f"{error:.1%}"


def _figure(value: float) -> str:
    """Three figures, or all before the point."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.4f}"


def _lines(title: str, lines: Iterable[str], indent: str = "  ") -> str:
    return f"{title}\n" + "".join(f"{indent}{line}\n" for line in lines)


def _table(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], *, left: Sequence[int] = (), indent: str = "  "
) -> str:
    """Columns as wide as their widest cell; those in `left` begin, all others end flush."""
    if not rows:
        return ""
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    lines = [
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (heads, *rows)
    ]
    return (f"{title}\n" if title else "") + "".join(f"{indent}{line}\n" for line in lines)
