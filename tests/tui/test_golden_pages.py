"""The pages of one backend and of two, whole, at four sizes, one text file each.

`INFERTOP_UPDATE_GOLDEN=1 pytest tests/tui/test_golden_pages.py` redraws.
"""

from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from msgspec.structs import replace as changed
from rich.cells import cell_len

from infertop.backends.rate_limits import RateLimit
from infertop.engine.frame import Allowances, PairFrame, Pause, PowerFrame, ServerFrame
from infertop.engine.histogram import Histogram
from infertop.engine.serial import SerialSums
from infertop.engine.verdict import verdicts
from infertop.tui.draw.glyphs import Tier, to_ascii
from infertop.tui.draw.rows import row_text
from infertop.tui.metrics import ICL, TTFT
from infertop.tui.model import Model
from infertop.tui.panels.page import long_page
from infertop.tui.view import View

from .frames import MS, SECOND, STACKS, Fleet, followed
from .screen import matches_golden

SIZES = ((50, 20), (80, 24), (120, 40), (240, 60))
BACKENDS = 3


LIMIT = RateLimit(name="tokens/min", limit=6000, remaining=0, reset_s=12)


class Pairs:
    """Differences on the same prompts: the second is 10 % slower at first, 60 % later."""

    def __init__(self, names):
        self._sums = {pair: SerialSums() for pair in combinations(names, 2)}
        self._rng = np.random.default_rng(1)

    def second(self, at_s):
        for sums in self._sums.values():
            for difference in self._rng.normal(-0.1 if at_s < 60 else -0.45, 0.2, 4):
                sums.add(float(difference))
        return tuple(
            PairFrame(a=a, b=b, differences={"ttft_sched": sums.state()}) for (a, b), sums in self._sums.items()
        )


def histogram(*values_ms):
    made = Histogram()
    made.extend(round(value * MS) for value in values_ms)
    return made.state()


def rich(backend):
    """`backend`, of which everything is known."""
    return changed(
        backend,
        served_model="llama-3.3-70b-instruct",
        first_sent_ns=2 * MS,
        company=backend.finished * 7,
        failed=9,
        scheduled=backend.scheduled + 9 + 40,
        not_sent=40,
        unsent={"rate limit": 30, "held": 10},
        errors={"429": 7, "timeout": 2},
        latest_ns={"429": 71 * SECOND, "timeout": 80 * SECOND},
        last_error="429 Too Many Requests: slow down, please",
        resent=2,
        held_back=5,
        pause=Pause(left_ns=12 * SECOND, why="429, tokens/min used up"),
        limits=Allowances(at_ns=88 * SECOND, limits=(LIMIT,)),
        max_concurrency=16,
        reasoning_tokens=1200,
        cached_tokens=5000,
        at_risk_usd=0.02,
        good=backend.finished - 60,
        good_tokens=200 * (backend.finished - 60),
        histograms=backend.histograms | {"connect": histogram(1.2, 1.4, 9.0)},
        vendor={name: histogram(*(factor * each for each in range(1, 200))) for name, factor in
                (("queue", 0.2), ("prefill", 0.5), ("first_token", 0.9), ("total", 8))},
        server=ServerFrame(source="vLLM /metrics", age_ns=400 * MS, samples=88, running=7, running_sum=600.0,
                           waiting=2, waiting_sum=90.0, kv_cache_share=0.62, kv_cache_sum=50.0,
                           prefix_queries=1000.0, prefix_hits=130.0, preemptions=3.0),
        power=PowerFrame(source="DCGM", detail="8 GPUs of gpu1:9400", measured=True, watts=4210.0, joules=350_000.0,
                         idle_watts=900.0, idle_joules=80_000.0, pue=1.2),
    )  # fmt: skip


@cache
def model():
    """Three backends after a minute and a half, load changed halfway; of the first everything is known."""
    fleet = Fleet(STACKS[:BACKENDS])
    pairs = Pairs([stack.name for stack in STACKS[:BACKENDS]])
    made = Model()
    for second in range(1, 91):
        if second == 50:
            fleet.mark("concurrency 16")
        frame = fleet.advance(1).frame(paired=pairs.second(second), followed=followed(BACKENDS))
        made.take(changed(frame, backends=(rich(frame.backends[0]), *frame.backends[1:])))
        if second == 1:
            made.reset()
    made._base = None  # the whole run, though the load was changed
    made.settle(made.case(TTFT).judged(verdicts))
    return made


def picture(view, size, tier=Tier.BRAILLE):
    board = model().board(view.metric, view.time, (view.page,))
    rows = long_page(board, replace(view, tier=tier), size[0], size[1] - 3)
    plain = to_ascii if tier is Tier.ASCII else str
    return "\n".join(plain(row_text(row)).rstrip() for row in rows)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("depth", View(expanded=True)),
        ("depth-plain", View(expanded=True, focus=2)),
        ("compare", View(versus=1)),
    ],
    ids=["depth", "depth-plain", "compare"],
)
def test_a_page(name, view, size):
    drawn = picture(view, size)
    assert all(cell_len(line) <= size[0] for line in drawn.split("\n"))
    matches_golden(f"pages/{name}_{size[0]}x{size[1]}", drawn)


@pytest.mark.parametrize("tier", [Tier.BLOCK, Tier.ASCII])
@pytest.mark.parametrize("view", [View(expanded=True), View(versus=1)], ids=["depth", "compare"])
def test_a_page_in_coarser_glyphs(view, tier):
    drawn = picture(view, (120, 40), tier)
    assert tier is not Tier.ASCII or drawn.isascii()
    matches_golden(f"pages/{view.page}_120x40_{tier}", drawn)


def test_a_metric_that_is_not_judged_says_so():
    assert "no verdict on ICL" in picture(View(versus=1, metric=ICL), (120, 40))
