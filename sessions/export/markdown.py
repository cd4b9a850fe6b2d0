"""The run as GitHub-flavoured Markdown: the answer, a table, verdicts and remarks, for a pull request or a wiki."""

import re
from collections.abc import Iterator, Sequence

from ...backends.printable import printable
from ..figures import fine, number, share, usd
from ..remarks import footnotes, heading, verdict_lines
from ..summary import Backend, Latency
from .answer import answers
from .leads import by_ttft
from .sentence import plain
from .snapshot import Snapshot

_HEAD = (
    "backend", "", "ok", "failed", "tok/s", "TTFT p50 ms", "TTFT p95 ms", "TPOT p50 ms", "TPOT p95 ms", "$/M out",
    "spent", "J/token", "SLO met",
)  # fmt: skip


def page(snapshot: Snapshot) -> Iterator[str]:
    """The whole document."""
    summary = snapshot.summary
    yield f"# {safe(snapshot.title)}\n\n"
    yield f"{safe(heading(snapshot.frame).removeprefix('infertop').strip(), 1000)}\n\n"
    if not snapshot.final:
        yield "**Taken while it ran: the figures are those of that moment.**\n\n"
    yield from (f"- **{each.question}** {safe(plain(each.said, summary), 1000)}\n" for each in answers(summary))
    yield "\n"
    yield from _table(_HEAD, [_row(backend, by_ttft(summary)) for backend in summary.backends])
    troubles = [f"{safe(backend.name)}: {line}" for backend in summary.backends for line in _troubles(backend)]
    for title, lines in (
        ("Verdicts", [safe(line, 1000) for line in verdict_lines(summary)]),
        ("Errors", troubles),
        ("To know", [safe(line, 1000) for line in footnotes(snapshot.frame, summary)]),
    ):
        if lines:
            yield f"\n## {title}\n\n" + "".join(f"- {line}\n" for line in lines)
    if snapshot.profile:
        fence = "`" * (max((len(run) for run in re.findall("`+", snapshot.profile)), default=0) + 3)
        lines = [printable(line, 2000) for line in snapshot.profile.splitlines()]
        yield f"\n## Profile\n\n{fence}toml\n" + "".join(f"{line}\n" for line in lines) + f"{fence}\n"
    yield f"\n*infertop {summary.infertop}, {snapshot.made:%Y-%m-%d %H:%M} UTC*\n"


def safe(text: str, limit: int = 200) -> str:
    """`text` on one safe line without Markdown or HTML."""
    return re.sub(r"[\\`*_\[\]<>#|~&@$]|:(?=//)", _escaped, printable(text, limit))


def _escaped(found: "re.Match[str]") -> str:
    char = found.group()
    # An entity for what a backslash leaves alive: tags, cells, mentions of people, bare links.
    return f"&#{ord(char)};" if char in "<>&|@:" else f"\\{char}"


def _row(backend: Backend, ttft: str) -> Sequence[str]:
    about = "≈" if backend.tokens.source == "≈" else ""
    times: tuple[Latency | None, ...] = (getattr(backend, ttft), backend.tpot_ms)
    energy = backend.energy
    return (
        safe(backend.name, 60),
        backend.label,
        f"{backend.requests.finished:,}",
        f"{backend.requests.failed:,}",
        "–" if backend.tok_s is None else about + number(backend.tok_s),
        *(_percentile(value) for each in times for value in ((each.p50, each.p95) if each else (None, None))),
        "–" if backend.cost.usd_per_m_output is None else about + safe(usd(backend.cost.usd_per_m_output)),
        "–" if backend.cost.spent_usd is None else about + safe(usd(backend.cost.spent_usd)),
        "–" if energy.j_per_output_token is None else f"{about}{fine(energy.j_per_output_token)} {energy.source}",
        "–" if backend.slo.attainment is None else share(backend.slo.attainment),
    )


def _percentile(value_ms: float | None) -> str:
    return "–" if value_ms is None else number(value_ms)


def _troubles(backend: Backend) -> Iterator[str]:
    requests = backend.requests
    for kind, count in sorted(requests.errors.items(), key=lambda item: -item[1]):
        yield f"{safe(kind)} {count:,}"
    if requests.last_error:
        yield f"last: {safe(requests.last_error)}"
    if requests.not_sent:
        yield f"not sent: {requests.not_sent:,}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Without the columns in which there is no figure."""
    shown = [at for at in range(len(head)) if at < 2 or any(row[at] != "–" for row in rows)]
    yield "| " + " | ".join(head[at] for at in shown) + " |\n"
    yield "|" + "|".join("---" if at < 2 else "---:" for at in shown) + "|\n"
    for row in rows:
        yield "| " + " | ".join(row[at] for at in shown) + " |\n"
