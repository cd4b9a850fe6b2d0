"""Frames in, board out: windows, rates, floors, cost, trust, events."""

import msgspec
import numpy as np
import pytest

from infertop.engine.frame import BackendFrame, Frame, Timeline
from infertop.engine.histogram import Histogram
from infertop.engine.pairing import Pairing
from infertop.engine.plan import ArrivalsPlan
from infertop.engine.verdict import Verdict
from infertop.tui.history import KEPT_SLOTS, POINTS, RateHistory
from infertop.tui.metrics import CYCLE, ICL, TPOT, TTFT
from infertop.tui.model import Model
from infertop.tui.window import BackendWindow, paired_since

from .frames import SECOND, STACKS, TOKENS, Fleet


def model_of(*frames):
    made = Model()
    for frame in frames:
        made.take(frame)
    return made


def slots(first, *tokens):
    return Timeline(first_slot=first, tokens=tokens)


def test_the_rolling_rate_covers_the_last_five_seconds_of_whole_slots():
    history = RateHistory()
    history.take(slots(0, *[10.0] * 100), 10 * SECOND)
    assert history.rate() == pytest.approx(100)
    history.take(slots(0, *[10.0] * 100), 12 * SECOND + 50_000_000)
    assert history.rate() == pytest.approx(60)


def test_before_five_seconds_the_rate_covers_what_there_is():
    history = RateHistory()
    assert history.rate() is None
    history.take(slots(5, *[10.0] * 5), SECOND)
    assert history.rate() == pytest.approx(50)


def test_a_later_frame_corrects_slots_it_still_carries():
    history = RateHistory()
    history.take(slots(0, *[10.0] * 50), 5 * SECOND)
    history.take(slots(0, *[20.0] * 50), 5 * SECOND)
    assert history.rate() == pytest.approx(200)


def test_the_history_outlives_the_timeline_of_a_frame():
    history = RateHistory()
    for second in range(1, 101):
        at = second * 10
        history.take(slots(max(at - 300, 0), *[10.0] * min(at, 300)), second * SECOND)
    rates = history.rates()
    assert rates.shape == (POINTS,)
    assert np.isnan(rates[: POINTS - 200]).all()
    assert rates[-200:] == pytest.approx(100)


def test_what_was_never_seen_is_not_shown_as_zero():
    history = RateHistory()
    history.take(slots(700, *[10.0] * 300), 100 * SECOND)
    rates = history.rates()
    assert np.isfinite(rates).sum() == 51
    assert rates[np.isfinite(rates)] == pytest.approx(100)


def test_hours_later_the_history_holds_the_latest_minutes_only():
    history = RateHistory()
    for start in (0, KEPT_SLOTS * 3 + 7):
        history.take(slots(start, *[10.0] * 300), (start + 300) * SECOND // 10)
    assert history.rate() == pytest.approx(100)


def test_a_marker_opens_a_window_at_the_first_frame_that_carries_it():
    fleet = Fleet(STACKS[:2])
    first = fleet.advance(60).frame()
    fleet.mark("concurrency 16")
    marked = fleet.frame()
    last = fleet.advance(30).frame()
    board = model_of(first, marked, last).board(TTFT)
    assert board.header.window == "since 01:00, concurrency 16"
    for card, before, now in zip(board.cards, marked.backends, last.backends, strict=True):
        assert card.finished == now.finished - before.finished > 0
        assert len(card.window.histogram("ttft")) == card.finished
        assert card.spent_usd == now.spent_usd


def test_a_first_frame_with_markers_is_taken_as_a_whole():
    fleet = Fleet(STACKS[:1]).advance(10)
    fleet.mark("workload code")
    assert model_of(fleet.frame()).board(TTFT).header.window == "since start"


def test_reset_counts_from_now_and_keeps_every_request_accounted_for():
    fleet = Fleet(STACKS).advance(60)
    made = model_of(fleet.frame())
    made.reset()
    made.take(fleet.advance(30).frame())
    assert made.board(TTFT).header.window == "since 01:00, reset"
    for window in made.windows():
        totals = window.totals
        assert totals.scheduled == totals.finished + totals.failed + totals.in_flight + totals.not_sent
        assert sum(totals.errors.values()) == totals.failed


def test_a_window_equals_a_run_that_began_there():
    """The histogram, serial sums and counters since a baseline are those of the requests after it."""
    fleet = Fleet(STACKS[:1])
    base = fleet.advance(30).frame().backends[0]
    now = fleet.advance(30).frame().backends[0]
    frame = BackendWindow(now, base).frame(["ttft_sched", "tpot"])
    for name in ("ttft_sched", "tpot"):
        whole, part = Histogram.of(now.histograms[name]), Histogram.of(base.histograms[name])
        assert (Histogram.of(frame.histograms[name]).counts == whole.counts - part.counts).all()
        for level, later, earlier in zip(frame.series[name], now.series[name], base.series[name], strict=False):
            assert level.count == later.count - earlier.count
            assert level.total == pytest.approx(later.total - earlier.total)
    assert set(frame.histograms) == {"ttft_sched", "tpot"}
    assert frame.output_tokens == (now.finished - base.finished) * TOKENS


def test_cost_is_per_million_tokens_of_the_window():
    fleet = Fleet((STACKS[0], STACKS[2]))
    made = model_of(fleet.advance(60).frame())
    made.reset()
    made.take(fleet.advance(60).frame())
    rented, api = made.board(TTFT).cards
    tokens = rented.window.totals.arriving_tokens
    assert rented.usd_per_m == pytest.approx(3.8 * 60 / 3600 / tokens * 1e6)
    assert api.usd_per_m == pytest.approx(0.59 * 400 / TOKENS + 0.79)


def test_a_finished_run_shows_its_mean_and_not_its_silence():
    fleet = Fleet(STACKS[:1]).advance(60)
    backend = fleet.frame().backends[0]
    quiet = msgspec.structs.replace(backend, active_ns=60 * SECOND)
    frame = fleet.frame(phase="done", at_ns=90 * SECOND, backends=(quiet,))
    (card,) = model_of(frame).board(TTFT).cards
    assert card.mean
    assert card.tok_s == pytest.approx(backend.arriving_tokens / 60)


def test_a_backend_without_tokens_has_no_rate():
    (card,) = model_of(Frame(phase="running", at_ns=SECOND, backends=(BackendFrame(name="a"),))).board(TTFT).cards
    assert card.tok_s is None
    assert card.usd_per_m is None
    assert not card.priced


def test_open_loop_latency_counts_from_the_schedule():
    closed = model_of(Fleet(STACKS[:1]).advance(5).frame()).board(TTFT)
    opened = model_of(
        Fleet(STACKS[:1], arrivals=ArrivalsPlan(kind="poisson", rate_per_s=8)).advance(5).frame()
    ).board(TTFT)
    assert closed.shown(TTFT) == "ttft"
    assert opened.shown(TTFT) == "ttft_sched"
    assert opened.header.load.achieved_per_s == pytest.approx(68 / 5)


@pytest.mark.parametrize(
    ("lag_ns", "cpu_share", "level"),
    [(100_000, 0.1, "ok"), (4_000_000, 0.1, "amber"), (100_000, 0.95, "red")],
)
def test_trust_in_the_client_over_the_window(lag_ns, cpu_share, level):
    fleet = Fleet(STACKS[:2]).advance(5)
    made = model_of(fleet.frame())
    made.reset()
    fleet.lag_ns, fleet.cpu_share = lag_ns, cpu_share
    made.take(fleet.advance(5).frame())
    assert made.board(TTFT).header.client.trust.level == level


def test_verdicts_of_another_window_or_metric_are_not_shown():
    made = model_of(Fleet(STACKS[:2]).advance(30).frame())
    verdict = Verdict("ttft_sched", "a", "b", "tie", 0.95)
    judgement = made.case(TTFT).judged(lambda backends, metric, pairs: [verdict])
    made.settle(judgement)
    assert made.board(TTFT).judgement.verdicts == (verdict,)
    assert made.board(TPOT).judgement.stale
    made.reset()
    assert made.board(TTFT).judgement.stale
    made.settle(judgement)
    assert made.board(TTFT).judgement.stale


def test_the_judge_sees_the_window_and_only_its_metric():
    fleet = Fleet(STACKS[:3])
    made = model_of(fleet.advance(30).frame())
    made.reset()
    made.take(fleet.advance(10).frame())
    seen = []
    made.case(TPOT).judged(lambda backends, metric, pairs: seen.append((backends, metric)) or [])
    ((backends, metric),) = seen
    assert metric == "tpot"
    assert [len(Histogram.of(b.histograms["tpot"])) for b in backends] == [w.totals.finished for w in made.windows()]
    assert made.case(ICL).judged(lambda *_: pytest.fail("gaps are not independent")).verdicts == ()


def test_the_judge_sees_the_same_prompts_of_the_window():
    pairing = Pairing(["a", "b"])
    one, other = pairing.of("a"), pairing.of("b")
    frames = []
    for index in range(60):
        one.add("tpot", index, 18.0 + index)
        other.add("tpot", index, 17.0)
        if index in {39, 59}:
            frames.append(Fleet(STACKS[:2]).advance(30).frame(seq=index, paired=tuple(pairing.pairs())))
    assert paired_since(frames[1], None) == frames[1].paired
    (since,) = paired_since(*reversed(frames))
    assert (since.a, since.b) == ("a", "b")
    assert (since.differences["tpot"][0].count, since.differences["tpot"][0].total) == (20, sum(range(41, 61)))
    made = model_of(frames[0])
    made.reset()
    made.take(frames[1])
    seen = []
    made.case(TPOT).judged(lambda backends, metric, pairs: seen.append(pairs) or [])
    assert seen == [(since,)]


def test_the_tails_axis_only_widens_within_a_window():
    fleet = Fleet(STACKS[:1])
    made = model_of(fleet.advance(2).frame())
    narrow = made.board(TTFT).axis
    wide = model_of(Fleet(STACKS).advance(60).frame()).board(TTFT).axis
    assert narrow.covering(wide) == wide
    made.take(fleet.advance(60).frame())
    later = made.board(TTFT).axis
    assert later.covering(narrow) == later


def test_the_axis_of_a_graph_is_rescaled_rarely_and_never_exceeded():
    fleet = Fleet(STACKS[:2])
    made = Model()
    tops = []
    for _ in range(120):
        made.take(fleet.advance(1).frame())
        cards = made.board(TTFT).cards
        assert all(np.nanmax(card.rates, initial=0.0) <= card.rate_top for card in cards)
        tops.append(cards[0].rate_top)
    assert len(set(tops[30:])) <= 2


def test_events_tell_what_happened_once():
    fleet = Fleet(STACKS[6:8])
    made = Model()
    for _ in range(30):
        made.take(fleet.advance(4).frame())
    fleet.mark("workload rag")
    made.take(fleet.frame())
    up = msgspec.structs.replace(fleet.frame().backends[0], state="ok")
    made.take(fleet.frame(backends=(up, fleet.frame().backends[1])))
    texts = [(event.series, event.text) for event in made.board(TTFT).events]
    assert len(texts) == len(set(texts))
    assert (None, "workload rag") in texts
    assert (0, "down: nobody answers there") in texts
    assert (0, "answers again") in texts
    connect = [text for series, text in texts if text.startswith("connect")]
    assert connect == [f"connect ×{up.failed:,}: {up.last_error}"]


def test_a_backend_that_falls_silent_longer_than_it_ever_took_is_said_to_stall():
    fleet = Fleet(STACKS[:2])
    made = model_of(fleet.advance(10).frame())
    quiet = fleet.frame().backends[0]
    longest_s = quiet.histograms["ttft"].max_ns / 1e9
    for _ in range(8):
        now = fleet.advance(1).frame()
        made.take(msgspec.structs.replace(now, backends=(quiet, now.backends[1])))
    made.take(fleet.advance(1).frame())
    texts = [event.text for event in made.board(TTFT).events if event.series == 0]
    assert longest_s < 1.5
    assert texts == ["stalled: no token for 3.0 s, 8 in flight", "goes on after 9.0 s"]


def test_no_work_is_no_stall():
    fleet = Fleet(STACKS[:1])
    made = model_of(fleet.advance(10).frame())
    idle = msgspec.structs.replace(fleet.frame().backends[0], in_flight=0)
    for second in range(11, 30):
        made.take(fleet.frame(at_ns=second * SECOND, backends=(idle,)))
    assert made.board(TTFT).events == ()


def test_a_clone_stands_still_while_the_model_goes_on():
    fleet = Fleet(STACKS[:2])
    made = model_of(fleet.advance(20).frame())
    still = made.clone()
    before = still.board(TTFT)
    made.take(fleet.advance(20).frame())
    after = still.board(TTFT)
    assert after.header == before.header
    assert [card.tok_s for card in after.cards] == [card.tok_s for card in before.cards]
    assert np.array_equal(after.cards[0].rates, before.cards[0].rates, equal_nan=True)
    assert made.board(TTFT).header.at_ns == 40 * SECOND


def test_every_metric_has_a_board():
    made = model_of(Fleet(STACKS).advance(20).frame())
    assert [made.board(metric).metric for metric in CYCLE] == list(CYCLE)
