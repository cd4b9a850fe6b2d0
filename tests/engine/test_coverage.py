"""That the statistics survive watching: simulated paths, a look after every sample, misses counted over all looks.

Where a look by the engine's own code would take hours, the same condition is computed for whole arrays; each says
which, and test_confidence and test_serial hold the two together.
"""

import math

import numpy as np
import pytest

from infertop.engine.frame import BackendFrame
from infertop.engine.histogram import FLOORS, GAMMA, Histogram
from infertop.engine.pairing import Pairing
from infertop.engine.serial import SerialSums
from infertop.engine.verdict import ALPHA, LEAST_ANSWERS, verdicts

from .series import autoregressive, log_mixture, means_so_far, worth

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LIMIT = math.log(1 / ALPHA)
TTFT = "ttft_sched"


def share(missed, kind=""):
    """The share of paths that missed at any look, which must not exceed alpha by more than three standard errors."""
    rate, paths = float(np.mean(missed)), len(missed)
    print(f"{kind}: ever-miss {rate:.4f} of {paths} paths")
    assert rate <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / paths)
    return rate


SERIES = {
    "independent": lambda rng, paths, n: rng.normal(size=(paths, n)),
    "AR(0.6)": lambda rng, paths, n: autoregressive(rng, paths, n, 0.6),
    "AR(0.9)": lambda rng, paths, n: autoregressive(rng, paths, n, 0.9),
}


@pytest.mark.parametrize("p", [0.5, 0.95])
@pytest.mark.parametrize("kind", SERIES)
def test_a_quantile_stays_inside_its_interval(kind, p):
    """A miss is ln M >= ln(1/alpha) at the true quantile; what depends is watched once the engine would show it."""
    x = SERIES[kind](np.random.default_rng(1), 1000, 2000)
    true = {0.5: 0.0, 0.95: 1.6448536269514722}[p]
    n, k = np.arange(1, x.shape[1] + 1), (x <= true).cumsum(1)
    if kind == "independent":
        missed = log_mixture(k, n, p) >= LIMIT
    else:
        told = worth(x)
        shown = n / told >= FLOORS[p]
        assert shown[:, -1].mean() > 0.3
        told = np.where(shown, told, 1.0)
        missed = shown & (log_mixture(k / told, n / told, p) >= LIMIT)
    share(missed.any(1), f"p{p * 100:g}, {kind}")


@pytest.mark.parametrize("q", [0.5, 0.9, 0.99])
def test_a_proportion_stays_inside_its_interval(q):
    good = (np.random.default_rng(2).random((2000, 2000)) < q).cumsum(1)
    missed = log_mixture(good, np.arange(1, 2001), q) >= LIMIT
    share(missed.any(1), f"share {q}")


@pytest.mark.parametrize("phi", [0.6, 0.9])
def test_a_proportion_of_what_comes_in_bursts_stays_inside_its_interval(phi):
    """As `figures.attainment_interval` does, latencies and misses both tell how much requests depend."""
    x = autoregressive(np.random.default_rng(3), 800, 3000, phi)
    good = x < 1.2815515655446004
    told, n = np.maximum(worth(good.astype(float)), worth(x)), np.arange(1, 3001)
    shown = np.isfinite(told)
    told = np.where(shown, told, 1.0)
    missed = shown & (log_mixture(good.cumsum(1) / told, n / told, 0.9) >= LIMIT)
    share(missed.any(1), f"share 0.9, AR({phi})")


def half_width(n, sd):
    """Of `confidence.mean_difference`, by effective number of differences."""
    x = 1 + 2 * math.log(1 / ALPHA)
    rho2 = (x + math.log(x) - 1) / 500
    k = n * rho2 + 1
    return sd * np.sqrt(2 * k / (n * n * rho2) * np.log(np.sqrt(k) / ALPHA))


ARMS = {
    "normal": lambda rng, shape: 0.3 * rng.normal(size=shape),
    "heavy tails": lambda rng, shape: 0.1 * rng.standard_t(3, size=shape),
    "stalls of both": lambda rng, shape: 2.3 * ((rng.random(shape) < 0.02) * 1.0 - (rng.random(shape) < 0.02)),
    "gamma latencies": lambda rng, shape: np.log(rng.gamma(2, size=shape) / rng.gamma(2, size=shape)),
}


@pytest.mark.parametrize("arms", ARMS)
def test_a_mean_difference_stays_inside_its_interval_from_ten_on(arms):
    d = ARMS[arms](np.random.default_rng(4), (2000, 2000))
    centre, sd = means_so_far(d)
    missed = np.abs(centre) > half_width(np.arange(1, 2001), sd)
    share(missed[:, 9:].any(1), f"mean difference, {arms}")


@pytest.mark.parametrize("phi", [0.3, 0.6, 0.9])
def test_a_mean_difference_of_what_depends_stays_inside_what_is_shown(phi):
    """The rule that chooses how much dependence to allow for is itself looked at after every sample."""
    d = autoregressive(np.random.default_rng(5), 1500, 2000, phi)
    told, n = worth(d), np.arange(1, 2001)
    centre, sd = means_so_far(d)
    shown = (n >= LEAST_ANSWERS) & (n / told >= 10)
    assert shown[:, -1].mean() > 0.8
    missed = shown & (np.abs(centre) > half_width(np.where(shown, n / told, 10), sd))
    share(missed.any(1), f"mean difference, AR({phi})")


# --- two arms ---

PLACES = 90


def evidence_against_equality(arms, told, p, true):
    """Evidence as ln E of `evidence.log_against_ratio` at shift 0 after every sample, shape (n,).

    The least over PLACES buckets around the true quantile: over fewer places it is never smaller than the engine's,
    so it alarms at least as often.
    """
    n = np.arange(1, len(arms[0]) + 1)[:, None]
    first = math.floor(true / math.log(GAMMA)) - PLACES // 2
    both = []
    for x, each in zip(arms, told, strict=True):
        place = np.clip(np.floor(x / math.log(GAMMA)).astype(int) - first, -1, PLACES)
        upper = np.zeros((len(x), PLACES))
        for at in range(PLACES):
            upper[:, at] = (place <= at).cumsum()
        lower = np.concatenate([(place < 0).cumsum()[:, None], upper[:, :-1]], 1)
        k = np.clip(p * n, lower, upper)
        both.append(log_mixture(k / each[:, None], n / each[:, None], p))
    return np.logaddexp(*both).min(1) - math.log(2)


def paired_arms(rng, n):
    prompts = 0.4 * rng.normal(size=n)
    return [prompts + 0.05 * rng.normal(size=n) for _ in "ab"]


NULLS = {
    "same prompts": paired_arms,
    "independent": lambda rng, n: list(0.4 * rng.normal(size=(2, n))),
    "identical": lambda rng, n: [0.4 * rng.normal(size=n)] * 2,
    "AR(0.6)": lambda rng, n: list(0.4 * autoregressive(rng, 2, n, 0.6)),
}


@pytest.mark.parametrize("kind", NULLS)
def test_two_like_backends_seldom_get_a_verdict_of_difference(kind):
    """Quantile and mean each: a false verdict at any look, from the first on at which one is shown."""
    p, true, samples, paths = 0.95, 0.4 * 1.6448536269514722, 1000, 150
    rng = np.random.default_rng(6)
    by_quantile, by_mean = [], []
    n = np.arange(1, samples + 1)
    for _ in range(paths):
        a, b = NULLS[kind](rng, samples)
        told = worth(np.array([a, b]))
        shown = (n >= LEAST_ANSWERS) & (n / told.max(0) >= FLOORS[p])
        evidence = evidence_against_equality((a, b), np.where(np.isfinite(told), told, 1.0), p, true)
        by_quantile.append((shown & (evidence >= LIMIT)).any())
        d = (a - b)[None]
        apart = worth(d)[0]
        centre, sd = (each[0] for each in means_so_far(d))
        shown = (n >= LEAST_ANSWERS) & (n / apart >= 10)
        by_mean.append((shown & (np.abs(centre) > half_width(np.where(shown, n / apart, 10), sd))).any())
    share(by_quantile, f"p95 verdict, {kind}")
    share(by_mean, f"mean verdict, {kind}")


def backend(name, x):
    histogram, series = Histogram(), SerialSums()
    for value in x:
        histogram.add(round(1e8 * math.exp(value)))
        series.add(float(value))
    return BackendFrame(name=name, histograms={TTFT: histogram.state()}, series={TTFT: series.state()})


@pytest.mark.parametrize("kind", ["same prompts", "independent"])
def test_half_as_slow_again_is_found_with_the_right_sign(kind):
    rng = np.random.default_rng(7)
    outcomes, means = [], []
    for _ in range(100):
        a, b = NULLS[kind](rng, 600)
        b = b + math.log(1.5)
        pairing = Pairing(["a", "b"])
        for name, x in (("a", a), ("b", b)):
            for index, value in enumerate(x):
                pairing.of(name).add(TTFT, index, 18 + float(value))
        (verdict,) = verdicts([backend("a", a), backend("b", b)], TTFT, tuple(pairing.pairs()))
        outcomes.append(verdict.outcome)
        means.append(verdict.paired.outcome)
    print(kind, {outcome: outcomes.count(outcome) for outcome in set(outcomes)})
    assert outcomes.count("a lower") >= 95
    assert means.count("a lower") >= 95
    assert "b lower" not in outcomes + means
