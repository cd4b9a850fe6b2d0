"""Verdicts: right when there is a difference, silent when there is none, withheld when samples depend too much."""

import numpy as np
import pytest

from infertop.engine.evidence import QuantileEvidence, least_telling, log_against_ratio, log_mixture, ratio_interval
from infertop.engine.frame import BackendFrame
from infertop.engine.histogram import GAMMA, Histogram
from infertop.engine.pairing import Pairing
from infertop.engine.serial import SerialSums
from infertop.engine.verdict import ALPHA, LEAST_ANSWERS, verdicts

from .series import autoregressive

TTFT = "ttft_sched"


def backend(name, latencies_ms, **fields):
    histogram, series = Histogram(), SerialSums()
    for latency in latencies_ms:
        histogram.add(round(latency * 1e6))
        series.add(float(np.log(latency * 1e6)))
    return BackendFrame(name=name, histograms={TTFT: histogram.state()}, series={TTFT: series.state()}, **fields)


def pairs(**latencies_ms):
    pairing = Pairing(list(latencies_ms))
    for name, values in latencies_ms.items():
        side = pairing.of(name)
        for index, value in enumerate(values):
            side.add(TTFT, index, float(np.log(value * 1e6)))
    return tuple(pairing.pairs())


def lognormal(rng, n, median_ms=100.0):
    return median_ms * np.exp(0.4 * rng.normal(size=n))


def correlated(rng, n, phi):
    return 100 * np.exp(0.4 * autoregressive(rng, 1, n, phi)[0])


def judged(a, b, **fields):
    (verdict,) = verdicts([backend("A", a, **fields), backend("B", b, **fields)], TTFT, pairs(A=a, B=b))
    return verdict


def test_a_planted_difference_is_found_with_its_sign_and_size():
    rng = np.random.default_rng(1)
    prompts = rng.normal(size=400)
    a = 100 * np.exp(0.4 * prompts)
    b = 150 * np.exp(0.4 * prompts + 0.05 * rng.normal(size=400))  # the same prompts: dependent arms
    one, other = judged(a, b), judged(b, a)
    assert (one.outcome, other.outcome) == ("a lower", "b lower")
    assert (one.paired.outcome, other.paired.outcome) == ("a lower", "b lower")
    for verdict in (one, other):
        assert 1 < verdict.low < 1.5 < verdict.high
        assert verdict.ratio == pytest.approx(1.5, rel=0.03)
        assert verdict.n == verdict.paired.n == 400
        assert 1.4 < verdict.paired.low < verdict.paired.ratio < verdict.paired.high < 1.6


def test_the_same_prompts_tell_more_than_the_quantile():
    """What a prompt's length does to both backends cancels: 3 % is found where p95 has no verdict."""
    rng = np.random.default_rng(2)
    prompts = rng.normal(size=200)
    a, b = (slow * np.exp(0.4 * prompts + 0.05 * rng.normal(size=200)) for slow in (100, 103))
    verdict = judged(a, b)
    assert verdict.outcome == "tie"
    assert verdict.paired.outcome == "a lower"
    assert verdict.paired.low < 1.03 < verdict.paired.high


def test_identical_backends_tie_with_intervals_around_one():
    rng = np.random.default_rng(3)
    verdict = judged(lognormal(rng, 500), lognormal(rng, 500))
    assert verdict.outcome == verdict.paired.outcome == "tie"
    assert verdict.low < 1 < verdict.high
    assert verdict.paired.low < 1 < verdict.paired.high


def test_below_the_floor_it_is_too_early():
    rng = np.random.default_rng(4)
    early = judged(lognormal(rng, 129), lognormal(rng, 500, 900))
    assert early.outcome == "too early"
    assert early.n == 129
    assert early.needed >= 130
    assert early.paired.outcome == "a lower"
    assert judged([], lognormal(rng, 500)).outcome == "too early"
    assert judged([], lognormal(rng, 500)).paired.ratio is None


def test_the_mean_too_is_too_early_before_dependence_can_be_told():
    rng = np.random.default_rng(5)
    few = judged(lognormal(rng, LEAST_ANSWERS - 1), lognormal(rng, LEAST_ANSWERS - 1, 900)).paired
    assert (few.outcome, few.low) == ("too early", None)
    assert few.ratio > 5
    assert (
        judged(lognormal(rng, LEAST_ANSWERS + 9), lognormal(rng, LEAST_ANSWERS + 9, 900)).paired.outcome == "a lower"
    )


def test_requests_in_flight_together_make_the_mean_wait():
    rng = np.random.default_rng(6)
    a, b = lognormal(rng, 300), lognormal(rng, 300, 900)
    verdict = judged(a, b, finished=300, company=300 * 50)
    assert verdict.outcome == "a lower"
    assert (verdict.paired.outcome, verdict.paired.needed) == ("too early", 500)


def test_strongly_dependent_samples_withhold_the_verdict():
    rng = np.random.default_rng(7)
    verdict = judged(correlated(rng, 600, 0.99), lognormal(rng, 600, 300))
    assert verdict.outcome == "withheld"
    assert "A's requests depend on each other" in verdict.reason
    assert verdict.low is None


def test_what_both_arms_share_withholds_the_quantile_and_not_the_mean():
    """A slow change of the prompts: each arm depends on it, their difference does not."""
    rng = np.random.default_rng(8)
    prompts = autoregressive(rng, 1, 600, 0.99)[0]
    a, b = (slow * np.exp(0.4 * prompts + 0.05 * rng.normal(size=600)) for slow in (100, 120))
    verdict = judged(a, b)
    assert verdict.outcome == "withheld"
    assert verdict.paired.outcome == "a lower"


def test_mildly_dependent_samples_need_more_answers():
    rng = np.random.default_rng(9)
    verdict = judged(correlated(rng, 4000, 0.6), 3 * correlated(rng, 4000, 0.6))
    assert verdict.outcome == "a lower"
    assert verdict.needed > 400
    alone = judged(lognormal(rng, 4000), lognormal(rng, 4000, 300))
    assert np.log(verdict.high / verdict.low) > 1.5 * np.log(alone.high / alone.low)


def test_every_pair_has_a_verdict_and_shares_the_level():
    rng = np.random.default_rng(10)
    latencies = {name: lognormal(rng, 300, median) for name, median in zip("abcd", (1, 1, 1, 9), strict=True)}
    made = verdicts([backend(*each) for each in latencies.items()], TTFT, pairs(**latencies))
    assert [(v.a, v.b) for v in made] == [("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "d")]
    alone = judged(latencies["a"], latencies["d"])
    assert made[2].high - made[2].low > alone.high - alone.low
    assert made[2].paired.high - made[2].paired.low > alone.paired.high - alone.paired.low


def test_without_prompts_in_common_only_the_quantile_speaks():
    rng = np.random.default_rng(11)
    (verdict,) = verdicts([backend("A", lognormal(rng, 400)), backend("B", lognormal(rng, 400, 300))], TTFT)
    assert verdict.outcome == "a lower"
    assert (verdict.paired.outcome, verdict.paired.n) == ("too early", 0)


def test_the_mixture_is_a_martingale_under_its_hypothesis():
    """E[M after one more sample] = M, for every state: the property all validity rests on."""
    p = 0.95
    for n, k in [(0, 0), (10, 9), (10, 10), (300, 270)]:
        step = p * np.exp(log_mixture(k + 1, n + 1, p)) + (1 - p) * np.exp(log_mixture(k, n + 1, p))
        assert step == pytest.approx(np.exp(log_mixture(k, n, p)))


def test_it_is_too_early_until_even_arms_without_overlap_could_be_told_apart():
    for pairs_shown, p in ((1, 0.95), (28, 0.95), (1, 0.5)):
        alpha = ALPHA / pairs_shown
        for n, told in ((least_telling(p, alpha) - 1, False), (least_telling(p, alpha), True)):
            arms = []
            for median_ms in (1, 900):
                made = Histogram()
                made.extend(range(median_ms * 10**6, median_ms * 10**6 + n))
                arms.append(QuantileEvidence.of(made, p))
            assert (ratio_interval(*arms, 683, alpha)[0] > 1) == told


def histograms(rng, *sizes):
    made = [Histogram() for _ in sizes]
    for histogram, n in zip(made, sizes, strict=True):
        histogram.extend((lognormal(rng, n) * 1e6).astype(int).tolist())
    return made


def test_the_interval_shrinks_with_more_samples():
    rng = np.random.default_rng(12)
    widths = []
    for n in (200, 2000, 20000):
        a, b = (QuantileEvidence.of(histogram, 0.95) for histogram in histograms(rng, n, n))
        low, high = ratio_interval(a, b, 0, ALPHA)
        widths.append(np.log(high / low) / np.log(GAMMA))
    assert widths[0] > 2 * widths[1] > 4 * widths[2]


@pytest.mark.parametrize("seed", range(5))
def test_the_interval_s_ends_are_where_a_search_step_by_step_finds_them(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(60, 900, 2)
    a, b = (QuantileEvidence.of(histogram, 0.95) for histogram in histograms(rng, *sizes))
    limit = np.log(1 / ALPHA)

    def outward(step):
        shift = 0
        while abs(shift) < 1800 and log_against_ratio(a, b, shift + step) < limit:
            shift += step
        return shift

    low, high = ratio_interval(a, b, 0, ALPHA)
    for found, step in ((low, -1), (high, 1)):
        at = outward(step)
        if abs(at) == 1800:
            assert found in {0.0, np.inf}
        else:
            assert np.log(found) / np.log(GAMMA) == pytest.approx(at + 0.5 * step)
