"""Verdicts: right when there is a difference, silent when there is none, withheld when samples depend."""

import numpy as np
import pytest

from infertop.engine.evidence import QuantileEvidence, log_against_ratio, log_mixture, ratio_interval
from infertop.engine.frame import BackendFrame
from infertop.engine.histogram import GAMMA, Histogram
from infertop.engine.thinning import Thinning
from infertop.engine.verdict import ALPHA, verdicts


def backend(name, latencies_ms):
    thinning = Thinning()
    for index, latency in enumerate(latencies_ms):
        thinning.add(index, round(latency * 1e6))
    return BackendFrame(name=name, thinned={"ttft_sched": thinning.state()})


def lognormal(rng, n, median_ms=100.0):
    return median_ms * np.exp(0.4 * rng.normal(size=n))


def autoregressive(rng, n, phi):
    x = np.zeros(n)
    for i in range(1, n):
        x[i] = phi * x[i - 1] + np.sqrt(1 - phi * phi) * rng.normal()
    return 100 * np.exp(0.4 * x)


def judged(a, b):
    (verdict,) = verdicts([backend("A", a), backend("B", b)], "ttft_sched")
    return verdict


def test_a_planted_difference_is_found_with_its_sign_and_size():
    rng = np.random.default_rng(1)
    prompts = rng.normal(size=400)
    a = 100 * np.exp(0.4 * prompts)
    b = 150 * np.exp(0.4 * prompts)  # the same prompts: dependent arms
    one, other = judged(a, b), judged(b, a)
    assert (one.outcome, other.outcome) == ("a lower", "b lower")
    for verdict in (one, other):
        assert 1 < verdict.low < 1.5 < verdict.high
        assert verdict.ratio == pytest.approx(1.5, rel=0.02)
        assert verdict.n == 400


def test_identical_backends_tie_with_an_interval_around_one():
    rng = np.random.default_rng(2)
    verdict = judged(lognormal(rng, 500), lognormal(rng, 500))
    assert verdict.outcome == "tie"
    assert verdict.low < 1 < verdict.high


def test_below_the_floor_it_is_too_early():
    rng = np.random.default_rng(3)
    assert judged(lognormal(rng, 129), lognormal(rng, 500, 900)).outcome == "too early"
    assert judged([], lognormal(rng, 500)).outcome == "too early"


def test_strongly_dependent_samples_withhold_the_verdict():
    rng = np.random.default_rng(4)
    verdict = judged(autoregressive(rng, 600, 0.97), lognormal(rng, 600, 300))
    assert verdict.outcome == "withheld"
    assert "A's requests depend on each other" in verdict.reason


def test_mildly_dependent_samples_are_thinned():
    rng = np.random.default_rng(5)
    verdict = judged(autoregressive(rng, 4000, 0.6), 3 * autoregressive(rng, 4000, 0.6))
    assert verdict.outcome == "a lower"
    assert 130 <= verdict.n <= 1000


def test_every_pair_has_a_verdict_and_shares_the_level():
    rng = np.random.default_rng(6)
    arms = [backend(name, lognormal(rng, 300, median)) for name, median in zip("abcd", (1, 1, 1, 9), strict=True)]
    made = verdicts(arms, "ttft_sched")
    assert [(v.a, v.b) for v in made] == [("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "d")]
    alone = verdicts([arms[0], arms[3]], "ttft_sched")[0]
    assert made[2].high - made[2].low > alone.high - alone.low


def test_the_mixture_is_a_martingale_under_its_hypothesis():
    """E[M after one more sample] = M, for every state: the property all validity rests on."""
    p = 0.95
    for n, k in [(0, 0), (10, 9), (10, 10), (300, 270)]:
        step = p * np.exp(log_mixture(k + 1, n + 1, p)) + (1 - p) * np.exp(log_mixture(k, n + 1, p))
        assert step == pytest.approx(np.exp(log_mixture(k, n, p)))


def test_the_interval_shrinks_with_more_samples():
    rng = np.random.default_rng(7)
    widths = []
    for n in (200, 2000, 20000):
        a, b = Histogram(), Histogram()
        a.extend((lognormal(rng, n) * 1e6).astype(int).tolist())
        b.extend((lognormal(rng, n) * 1e6).astype(int).tolist())
        interval = ratio_interval(QuantileEvidence.of(a, 0.95), QuantileEvidence.of(b, 0.95), 0, ALPHA)
        widths.append(np.log(interval.high / interval.low) / np.log(GAMMA))
    assert widths[0] > 2 * widths[1] > 4 * widths[2]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("paired", [True, False])
def test_watching_identical_backends_for_long_seldom_alarms(paired):
    """Peeking after every 25 prompts up to 1,500: the ever-alarm rate stays within alpha + 3 standard errors."""
    paths, alarms = 200, 0
    for seed in range(paths):
        rng = np.random.default_rng(seed)
        shared = rng.normal(size=1500)
        arms = [100 * np.exp(0.4 * shared + 0.05 * rng.normal(size=1500)) for _ in "ab"] if paired else [
            lognormal(rng, 1500) for _ in "ab"
        ]  # fmt: skip
        histograms = (Histogram(), Histogram())
        for look in range(0, 1500, 25):
            for histogram, arm in zip(histograms, arms, strict=True):
                histogram.extend((arm[look : look + 25] * 1e6).astype(int).tolist())
            if look < 130:
                continue
            a, b = (QuantileEvidence.of(histogram, 0.95) for histogram in histograms)
            if log_against_ratio(a, b, 0) >= np.log(1 / ALPHA):
                alarms += 1
                break
    assert alarms / paths <= ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / paths)
