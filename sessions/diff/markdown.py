"""A comparison as Markdown, for a pull request."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from .compare import BackendDiff, Diff
from .text import gate_metrics, method, outcome, rows

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|!~@&])")
_SIGNS: Final = {"better": "🟢 better", "worse": "🔴 worse"}


def render(made: Diff) -> str:
    """`made` as GitHub-flavoured Markdown, with a final line end."""
    parts = [
        "\n".join(_head(made)),
        *("\n".join(_backend(each, gate_metrics(made))) for each in made.backends),
        "\n".join(_changed(made)),
        "\n".join(f"- {escaped(text)}" for text in (*made.remarks, method(made))),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def escaped(text: str) -> str:
    """`text` without effect on the Markdown around it; no name in it calls anybody (`@`)."""
    return _SPECIAL.sub(r"\\\1", text).replace("\\@", "@\u2060")


def _head(made: Diff) -> Iterator[str]:
    if made.gates:
        yield f"### infertop: gates {outcome(made.gates)}"
    else:
        yield "### infertop: what changed"
    yield ""
    for name, side in (("a", made.a), ("b", made.b)):
        alone = f" (only here: {', '.join(map(escaped, side.alone))})" if side.alone else ""
        yield f"- **{name}** {'; '.join(map(escaped, side.runs))}{alone}"
    if made.gates:
        yield ""
        yield "| gate | backend | | |"
        yield "|---|---|---|---|"
        for each in made.gates:
            sign = {"pass": "🟢 pass", "fail": "🔴 **fail**", "not judged": "⚪ not judged"}[each.outcome]
            yield f"| {escaped(each.condition)} | {escaped(each.backend)} | {sign} | {escaped(each.text)} |"


def _backend(made: BackendDiff, also: Sequence[str]) -> Iterator[str]:
    yield f"#### {escaped(made.a) if made.a == made.b else f'{escaped(made.a)} → {escaped(made.b)}'}"
    yield ""
    for text in made.unlike:
        yield f"> ⚠️ {escaped(text)}"
        yield ">"
    if made.unlike:
        yield ""
    yield "| | a | b | change | 95 % interval | |"
    yield "|---|--:|--:|--:|--:|---|"
    for *cells, verdict in rows(made, also):
        yield f"| {' | '.join(map(escaped, cells))} | {_SIGNS.get(verdict, escaped(verdict))} |"


def _changed(made: Diff) -> Iterator[str]:
    if not made.changed:
        yield "No setting differs."
        return
    yield "| setting | a | b | |"
    yield "|---|---|---|---|"
    for each in made.changed:
        what = f"{escaped(each.backend)}: {escaped(each.what)}" if each.backend else escaped(each.what)
        matters = f"⚠️ {each.matters}" if each.matters else ""
        yield f"| {what} | {escaped(each.a) or '–'} | {escaped(each.b) or '–'} | {matters} |"
