"""Findings made by hand."""

from msgspec.structs import replace

from infertop.engine.selftest.report import Accuracy, Finding, Load, Spread
from infertop.tui.doctor.report import Machine, ScreenEffect, Terminal

MACHINE = Machine(
    python="CPython 3.11.7", platform="Linux 6.18 x86_64", uvloop="0.22.1", cores=4, open_files=4096,
    open_files_hard=-1,
)  # fmt: skip
TERMINAL = Terminal(
    interactive=True, columns=120, rows=40, term="xterm-256color", colorterm="truecolor", no_color=False,
    encoding="utf-8", colours="truecolor", tier="braille", tier_reason="the terminal's encoding is UTF-8",
    cells={"braille": 1, "block": 1, "line": 1, "marker": 1},
)  # fmt: skip
SCREEN = ScreenEffect(
    streams=64,
    tok_s=5926,
    off_ms=Spread(n=300, p50=0.06, p99=0.5, max=1.0),
    on_ms=Spread(n=300, p50=0.06, p99=0.6, max=1.1),
    off_runs_p99_ms=(0.5, 0.7),
    on_runs_p99_ms=(0.6, 0.7),
    drawn_bytes=100_000,
)


def finding(streams, grade="ok", *, gap_ms=10.0, **changes):
    """A load that went well, with `changes`."""
    reasons = () if grade == "ok" else ("TTFT was off by 31.0 ms at p99",)
    made = Finding(
        load=Load(streams=streams, seconds=2, gap_ms=gap_ms),
        accuracy=Accuracy(
            requests=100,
            tokens=10_000,
            ttft_error_ms=Spread(n=100, p50=0.02, p99=0.123, max=0.4),
            gap_error_ms=Spread(n=9_900, p50=0.001, p99=0.0501, max=6.4),
        ),
        written_tok_s=96.0 * streams,
        counted_tok_s=96.0 * streams,
        stamp="kernel",
        loop_lag_ms=Spread(n=200, p50=0.06, p99=0.4, max=1.0),
        cpu_share=0.25,
        server_late_ms=Spread(n=10_000, p50=0.03, p99=0.3, max=1.0),
        server_cpu_share=0.5,
        grade=grade,
        reasons=reasons,
    )
    return replace(made, **changes)


def burst(**changes):
    """As fast as the server writes."""
    return finding(64, gap_ms=0.0, counted_tok_s=200_000.0, cpu_share=0.8, server_cpu_share=0.95, **changes)
