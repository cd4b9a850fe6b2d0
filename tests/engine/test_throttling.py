"""A provider's limits are respected, and a plan's own caps: everything held back is counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.errors import BackendError, ErrorKind
from infertop.backends.rate_limits import RateLimit
from infertop.engine.pacing import RateCap, asked_pause_s, pause_reason
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, WorkloadPlan
from infertop.engine.restraint import Restraint
from infertop.engine.share import Share

from .provider import SECOND_NS, run_against

CHAT = WorkloadPlan(source="chat", max_tokens=64)


def plan(arrivals, **caps):
    return RunPlan(
        backends=(BackendPlan(name="api", url="x", **caps),), workload=CHAT, arrivals=arrivals, duration_s=10.0
    )


CLOSED = ArrivalsPlan(concurrency=20)
OPEN = ArrivalsPlan(kind="constant", rate_per_s=20)


class TestAsked:
    def test_a_closed_loop_waits_with_all_its_slots(self):
        frame, providers = run_against(plan(CLOSED), per_s=5)
        (backend,) = frame.backends
        seconds = [at_ns // SECOND_NS for at_ns in providers["api"].sent]
        # The first second's slots find out together; from then on only those that wake at the same moment do.
        assert backend.finished == 5 * len(set(seconds))
        assert backend.errors == {"429": len(seconds) - backend.finished}
        assert backend.held_back > 0
        assert backend.not_sent == 0

    def test_nothing_is_sent_before_the_pause_is_over(self):
        _, providers = run_against(plan(ArrivalsPlan(concurrency=3)), per_s=2)
        sent = providers["api"].sent
        refused = [at_ns for number, at_ns in enumerate(sent) if sent[:number].count(at_ns) >= 2]
        assert len(refused) > 5
        for at_ns in refused:
            over_ns = (at_ns // SECOND_NS + 1) * SECOND_NS
            assert not [other for other in sent if at_ns < other < over_ns]

    def test_an_open_loop_counts_what_falls_due_as_not_sent(self):
        frame, providers = run_against(plan(OPEN), per_s=5)
        (backend,) = frame.backends
        assert backend.scheduled == 200
        assert backend.finished == pytest.approx(50, abs=5)
        assert backend.errors["429"] == pytest.approx(10, abs=2), "one a second, and then a pause"
        assert backend.unsent == {"rate limit": backend.not_sent}
        assert backend.not_sent == 200 - backend.finished - backend.failed
        assert len(providers["api"].sent) == backend.finished + backend.failed

    def test_a_429_that_says_nothing_pauses_all_the_same(self):
        frame, _ = run_against(plan(OPEN), per_s=5, retry_after=False)
        (backend,) = frame.backends
        assert backend.unsent["rate limit"] > 50

    def test_it_is_told_while_it_lasts(self):
        frame, _ = run_against(plan(CLOSED), per_s=5)
        (backend,) = frame.backends
        assert backend.limits.limits[0].name == "requests"
        assert 0 < backend.limits.at_ns <= 11 * SECOND_NS
        assert backend.pause is None or backend.pause.why == "429, requests used up"


class TestPauses:
    @pytest.mark.parametrize(
        ("error", "seconds", "why"),
        [
            (BackendError(ErrorKind.RATE_LIMIT, "x", status=429, retry_after_s=7), 7, "429"),
            (BackendError(ErrorKind.SERVER, "x", status=503, retry_after_s=2), 2, "503"),
            (BackendError(ErrorKind.SERVER, "x", status=500), None, "500"),
            (BackendError(ErrorKind.RATE_LIMIT, "x", status=429, retry_after_s=1e15), 86_400, "429"),
            (BackendError(ErrorKind.RATE_LIMIT, "x", status=429), None, "429"),
            (
                BackendError(
                    ErrorKind.RATE_LIMIT,
                    "x",
                    status=429,
                    limits=(
                        RateLimit(name="requests/day", remaining=3, limit=9, reset_s=9000),
                        RateLimit(name="tokens/min", remaining=0, limit=6000, reset_s=12),
                    ),
                ),
                12,
                "429, tokens/min used up",
            ),
        ],
    )
    def test_what_a_refusal_asks_for(self, error, seconds, why):
        assert asked_pause_s(error) == seconds
        assert pause_reason(error) == why


class TestCaps:
    @pytest.mark.parametrize("arrivals", [CLOSED, OPEN], ids=["closed", "open"])
    @pytest.mark.parametrize("rate", [0.5, 3, 7.5])
    def test_no_stretch_has_more_than_the_rate(self, arrivals, rate):
        frame, providers = run_against(plan(arrivals, max_rate_per_s=rate))
        (backend,) = frame.backends
        sent = providers["api"].sent
        most = max(1, int(rate))
        for first, last in zip(sent, sent[most:], strict=False):
            assert last - first >= most / rate * SECOND_NS - 1000
        assert len(sent) >= 0.8 * rate * 10
        if arrivals is OPEN:
            assert backend.unsent == {"rate cap": 200 - len(sent)}
        else:
            assert backend.held_back > 0
            assert backend.not_sent == 0

    def test_concurrency(self):
        for arrivals in (CLOSED, OPEN):
            frame, providers = run_against(plan(arrivals, max_concurrency=3))
            assert providers["api"].most_under_way == 3
        assert frame.backends[0].unsent["concurrency cap"] == frame.backends[0].not_sent > 0

    def test_workers_divide_them(self):
        sent = 0
        for worker in range(2):
            _, providers = run_against(plan(CLOSED, max_concurrency=3, max_rate_per_s=4), Share(worker, 2))
            assert providers["api"].most_under_way <= (2, 1)[worker]
            sent += len(providers["api"].sent)
        assert sent <= 4 * 10 + 4

    @given(st.floats(0.1, 100), st.lists(st.integers(0, 10**8), max_size=60))
    def test_a_cap_is_never_passed(self, rate, gaps):
        cap, at_ns, sent = RateCap(rate), 0, []
        for gap in gaps:
            at_ns = max(at_ns + gap, cap.free_ns())
            cap.note(at_ns)
            sent.append(at_ns)
        most = max(1, int(rate))
        for first, last in zip(sent, sent[most:], strict=False):
            assert last - first >= most / rate * 1e9 - 1

    def test_no_cap_holds_nothing(self):
        restraint = Restraint(BackendPlan(name="a", url="http://a/v1"), Share())
        restraint.sent(5)
        assert restraint.free_ns() == 0
        assert restraint.holds_back(5, 1000) is None
