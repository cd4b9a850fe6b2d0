"""What the panels say, case by case."""

from dataclasses import replace

import msgspec
import pytest

from infertop.backends.errors import ErrorKind
from infertop.engine.frame import ClientFrame, MachineFrame
from infertop.engine.plan import ArrivalsPlan
from infertop.engine.verdict import Paired, Verdict
from infertop.sessions.trust import Trust
from infertop.tui.draw.rows import row_text
from infertop.tui.metrics import ICL, TTFT
from infertop.tui.model import Model
from infertop.tui.panels.depth import draw_depth
from infertop.tui.panels.events import draw_events
from infertop.tui.panels.footer import draw_footer
from infertop.tui.panels.header import draw_header
from infertop.tui.panels.table import draw_table
from infertop.tui.panels.verdicts import draw_verdicts
from infertop.tui.view import View

from .frames import STACKS, Fleet


def board_of(frame, *verdicts, metric=TTFT):
    model = Model()
    model.take(frame)
    model.settle(model.case(metric).judged(lambda backends, name, pairs: list(verdicts)))
    return model.board(metric)


def said(rows):
    """Rows as one line, blanks collapsed."""
    return " ".join(" ".join(row_text(row) for row in rows).split())


def verdict(outcome, ratio=None, low=None, high=None, n=412, reason="", a="H200 ×1", b="Groq LPU", **more):
    return Verdict("ttft_sched", a, b, outcome, 0.95, ratio, low, high, n, reason, **more)


MEAN = Paired("b lower", 1.31, 1.25, 1.38, 400)


TWO = Fleet((STACKS[0], STACKS[2])).advance(30).frame()
ON_TWO_MACHINES = ClientFrame(
    machines=(MachineFrame(worker=0, clock_error_ns=100_000), MachineFrame(worker=1, clock_error_ns=2_500_000))
)


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (
            verdict("b lower", 3.14, 2.8, 3.41),
            "▲ Groq LPU answers first: p95 TTFT 3.1× lower than ● H200 ×1 (2.8–3.4, n=412)",
        ),
        (verdict("b lower", 3.14, 2.3, 3e8), "(at least 2.3, n=412)"),
        (
            verdict("a lower", 1.08, 1.01, 1.2),
            "● H200 ×1 answers first: p95 TTFT 1.08× lower than ■ Groq LPU (1.01–1.20, n=412)",
        ),
        (verdict("tie", 1.02, 0.9, 1.1), "■ Groq LPU vs ● H200 ×1: tie so far"),
        (verdict("too early", n=42), "■ Groq LPU vs ● H200 ×1: too early (n=42)"),
        (verdict("too early", n=42, needed=147), "■ Groq LPU vs ● H200 ×1: too early (n=42 of 147)"),
        (
            verdict("b lower", 3.14, 2.8, 3.41, paired=MEAN),
            "(2.8–3.4, n=412); on the same prompts 1.31× lower on average (1.25–1.38, n=400)",
        ),
        (
            verdict("a lower", 1.08, 1.01, 1.2, paired=MEAN),
            "(1.01–1.20, n=412); on the same prompts ■ Groq LPU 1.31× lower on average (1.25–1.38, n=400)",
        ),
        (
            verdict("tie", 1.02, 0.9, 1.1, paired=MEAN),
            "■ Groq LPU vs ● H200 ×1: p95 tie so far; on the same prompts ■ Groq LPU 1.31× lower on average",
        ),
        (
            verdict("withheld", 1.4, reason="lag-1 0.4", paired=MEAN),
            "p95 withheld, lag-1 0.4; on the same prompts ■ Groq LPU 1.31× lower on average (1.25–1.38, n=400)",
        ),
        (
            verdict("tie", 1.02, 0.9, 1.1, paired=Paired("tie", 1.01, 0.98, 1.04, 400)),
            "■ Groq LPU vs ● H200 ×1: tie so far",
        ),
        (verdict("withheld", 1.4, reason="lag-1 0.4"), "■ Groq LPU vs ● H200 ×1: withheld, lag-1 0.4"),
    ],
)
def test_each_outcome_has_its_sentence(outcome, sentence):
    text = said(draw_verdicts(board_of(TWO, outcome), View(), 160, 2))
    assert sentence.replace("▲", "■") in text


def test_a_saturated_client_withholds_every_verdict():
    board = board_of(TWO, verdict("b lower", 3.0, 2.0, 4.0))
    client = replace(board.header.client, trust=Trust("red", "it used 97% of a core"))
    text = said(draw_verdicts(replace(board, header=replace(board.header, client=client)), View(), 160, 2))
    assert "withheld: do not trust the client, it used 97% of a core" in text
    assert "lower than" not in text


def test_dependent_gaps_are_not_judged():
    assert "none on ICL" in said(draw_verdicts(board_of(TWO, metric=ICL), View(), 160, 2))


def test_the_cheapest_is_named_among_priced_backends_only():
    assert "cheapest so far ● H200 ×1 $0.46/M" in said(draw_verdicts(board_of(TWO), View(), 160, 2))
    one_price = Fleet((STACKS[0], STACKS[4])).advance(30).frame()
    assert "cheapest" not in said(draw_verdicts(board_of(one_price), View(), 160, 2))


def test_different_models_are_said_to_differ():
    other = msgspec.structs.replace(TWO.backends[1], model="meta-llama/Llama-3.1-8B-Instruct")
    board = board_of(msgspec.structs.replace(TWO, backends=(TWO.backends[0], other)))
    assert "not like for like: model" in said(draw_verdicts(board, View(), 160, 3))
    assert "2 models" in said(draw_header(board, View(), 160, 1))
    same = msgspec.structs.replace(TWO.backends[1], model="meta-llama/Llama-3.3-70B-Instruct")
    board = board_of(msgspec.structs.replace(TWO, backends=(TWO.backends[0], same)))
    assert "not like for like" not in said(draw_verdicts(board, View(), 160, 3))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"phase": "starting"}, "starting"),
        ({"phase": "warmup", "warmup": 4, "warmup_done": 3}, "warm-up 3/8"),
        ({"phase": "draining"}, "draining"),
        ({"phase": "done", "stop_reason": "budget"}, "DONE budget reached"),
        ({"requests": 5000}, "360 of 5,000 prompts".replace("360", "728")),
        ({"duration_s": 60.0}, "00:30 of 01:00"),
        ({"budget_usd": 2.0}, "of $2.00"),
        ({"workers": 4, "missing_workers": (1,)}, "! 1 of 4 workers lost"),
        ({"client": ON_TWO_MACHINES}, ", clocks ±2.50 ms"),
        (
            {"arrivals": ArrivalsPlan(kind="gamma", cv=2.5, rate_per_s=9), "offered_per_s": 9.0},
            "9.00/s bursts cv 2.5",
        ),
        ({"arrivals": ArrivalsPlan(kind="constant"), "offered_per_s": 4.0}, "4.00/s constant, 12.3 sent"),
    ],
)
def test_the_header_says_what_goes_on(changes, words):
    assert words in said(draw_header(board_of(msgspec.structs.replace(TWO, **changes)), View(), 160, 1))


def test_prompts_that_never_left_are_a_warning():
    late = msgspec.structs.replace(TWO.backends[0], scheduled=TWO.backends[0].scheduled + 12, not_sent=12)
    frame = msgspec.structs.replace(
        TWO, arrivals=ArrivalsPlan(kind="poisson"), offered_per_s=4.0, backends=(late, TWO.backends[1])
    )
    assert "! 12 not sent" in said(draw_header(board_of(frame), View(), 160, 1))


def test_money_nobody_pays_is_labelled():
    simulated = Fleet(STACKS[:2]).advance(30).frame()
    assert "SIM" in said(draw_header(board_of(simulated), View(), 160, 1))
    assert "SIM" not in said(draw_header(board_of(TWO), View(), 160, 1))


def test_the_slo_is_shown_where_there_is_one():
    finished = TWO.backends[0].finished
    judged = msgspec.structs.replace(TWO.backends[0], good=round(finished * 0.984))
    board = board_of(msgspec.structs.replace(TWO, backends=(judged, TWO.backends[1])))
    assert "98.3%" in said(draw_table(board, View(), 120, 3))
    assert "SLO met 98.3%" in said(draw_depth(board, View(), 120, 40))
    assert "SLO" not in said(draw_table(board_of(TWO), View(), 120, 3))


def test_the_page_of_a_backend_says_where_each_figure_comes_from():
    text = said(draw_depth(board_of(Fleet(STACKS).advance(60).frame()), View(focus=3), 120, 50))
    for words in ("n mean p50 p90 p95 p99 p99.9 max", "$0.76/h rented", "estimated (≈)", "by the kernel", "stop 180"):
        assert words in text


def test_a_narrow_page_keeps_the_percentiles_that_matter_most():
    assert " p50 p95 p99 " in said(draw_depth(board_of(TWO), View(), 45, 20))


def test_a_small_table_shows_the_backend_in_focus():
    board = board_of(Fleet(STACKS).advance(20).frame())
    rows = draw_table(board, View(focus=7), 80, 4)
    assert len(rows) == 4
    assert "▸◇ laptop" in said(rows)


def test_the_newest_events_come_first():
    fleet = Fleet(STACKS[:1])
    frames = []
    for second in range(1, 9):
        fleet.advance(1).mark(f"change {second}")
        frames.append(fleet.frame())
    model = Model()
    for frame in frames:
        model.take(frame)
    rows = [row_text(row) for row in draw_events(model.board(TTFT), View(), 60, 4)]
    assert [row.split()[-1] for row in rows[1:]] == ["8", "7", "6"]


def test_kinds_of_errors_are_named_while_there_is_room():
    failing = msgspec.structs.replace(
        TWO.backends[0], failed=9, errors={ErrorKind.TIMEOUT.value: 2, ErrorKind.RATE_LIMIT.value: 7}
    )
    board = board_of(msgspec.structs.replace(TWO, backends=(failing, TWO.backends[1])))
    from infertop.tui.panels.figures import failures

    texts = [row_text(failures(board.cards[0], room)) for room in (8, 16, 40)]
    assert texts == ["! 9 errors", "! 9 errors: 429", "! 9 errors: 429, timeout"]


def test_the_footer_gives_way_to_a_notice_and_keeps_whole_hints():
    hints = [("q", "quit"), ("space", "freeze"), ("tab", "metric")]
    assert row_text(draw_footer(hints, View(), 24)[0]) == " q quit  space freeze"
    assert row_text(draw_footer(hints, View(notice="saved x"), 24)[0]).strip() == "saved x"
