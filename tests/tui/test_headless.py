"""The line that tells how a headless run stands."""

import io

from infertop.engine.frame import BackendFrame, Frame
from infertop.tui.headless import Progress, progress_line

BACKENDS = (
    BackendFrame(name="a\x1b[31m", finished=30, failed=2, arriving_tokens=5000, active_ns=1_000_000_000),
    BackendFrame(name="b", finished=20, in_flight=4, state="down"),
    BackendFrame(name="c", finished=25, in_flight=3),
)


def test_before_the_window_opens() -> None:
    assert progress_line(Frame()) == "starting"
    assert progress_line(Frame(phase="warmup", warmup=2, warmup_done=1, backends=BACKENDS)) == "warming up 1 of 6"


def test_while_it_runs_it_counts_prompts_that_every_backend_has_settled() -> None:
    running = Frame(phase="running", at_ns=12_000_000_000, duration_s=60, requests=1000, backends=BACKENDS)
    assert progress_line(running) == "12.0 s of 1 m 00 s  20 of 1,000 prompts  a\ufffd[31m 5,000 tok/s  b down  c –"


def test_at_the_end_it_says_what_it_waits_for() -> None:
    assert "waiting for 7 answers" in progress_line(Frame(phase="draining", backends=BACKENDS))


def test_elsewhere_than_on_a_terminal_nothing_is_rewritten() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    for _ in range(50):
        progress.show(Frame(phase="running", backends=BACKENDS))
    progress.close()
    assert stream.getvalue() == "", "a line every ten seconds, none in the first"
