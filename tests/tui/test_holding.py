"""What holds sending back, in words and on the panels."""

from msgspec.structs import replace

from infertop.backends.rate_limits import RateLimit
from infertop.engine.frame import Allowances, BackendFrame, Pause
from infertop.tui.draw.glyphs import Tier
from infertop.tui.draw.rows import row_text
from infertop.tui.eventlog import EventLog
from infertop.tui.facts import sections
from infertop.tui.headless import progress_line
from infertop.tui.holding import allowances, caps, paused, unsent
from infertop.tui.metrics import TTFT
from infertop.tui.model import Model
from infertop.tui.panels.cards import big_headline, headline
from infertop.tui.view import View
from infertop.tui.window import BackendWindow

from .frames import STACKS, Fleet

PAUSE = Pause(left_ns=12_000_000_000, why="429, tokens/min used up")
LIMITS = Allowances(
    at_ns=5,
    limits=(RateLimit(name="tokens/min", limit=6000, remaining=0, reset_s=12.0), RateLimit(name="requests/day")),
)


def test_in_words():
    backend = BackendFrame(
        name="a", pause=PAUSE, limits=LIMITS, max_rate_per_s=2.5, max_concurrency=8, budget_usd=1.5,
        not_sent=12, unsent={"rate limit": 10, "budget": 2}, held_back=3,
    )  # fmt: skip
    assert paused(backend) == "12.0 s: 429, tokens/min used up"
    assert allowances(backend) == "tokens/min 0 of 6,000, full again in 12.0 s; requests/day"
    assert caps(backend) == "at most 2.5/s, 8 in flight, $1.50"
    assert unsent(backend) == "12 (rate limit 10, budget 2), 3 sent later"
    known = {section.title: dict(section.facts) for section in sections(BackendWindow(backend))}
    assert set(known["sending"]) == {"paused", "rate limits", "caps", "not sent"}


def test_nothing_to_say():
    backend = BackendFrame(name="a", pause=Pause(left_ns=400_000_000, why="429"))
    assert [tell(backend) for tell in (paused, allowances, caps, unsent)] == [""] * 4


def two():
    return Fleet(STACKS[:2]).advance(30).frame()


def paused_frame():
    frame = two()
    return replace(frame, backends=(replace(frame.backends[0], pause=PAUSE), *frame.backends[1:]))


def said(rows):
    return " ".join(" ".join(row_text(row) for row in rows).split())


def test_a_card_says_so_in_place_of_its_rate():
    model = Model()
    model.take(paused_frame())
    board = model.board(TTFT)
    assert said([headline(board.cards[0])]) == "PAUSED 12.0 s: 429, tokens/min used up"
    assert "tok/s" in said([headline(board.cards[1])])
    assert "PAUSED" in said(big_headline(board.cards[0], View(tier=Tier.BRAILLE), 60))


def test_an_event_marks_where_it_began():
    log, free, held = EventLog(), two(), paused_frame()
    log.take(free, None)
    log.take(held, free)
    log.take(held, held)
    assert [event.text for event in log.events() if "paused" in event.text] == [
        "paused 12.0 s: 429, tokens/min used up"
    ]


def test_a_headless_run_says_so_too():
    assert "paused 12.0 s: 429, tokens/min used up" in progress_line(paused_frame())
