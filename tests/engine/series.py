"""Series with known dependence, and their statistics at every look at once: paths down, looks across.

What the engine computes from sums after one value, `looks` computes for whole arrays; a test holds the two together.
"""

import numpy as np

from infertop.engine.evidence import _CONCENTRATION
from infertop.engine.serial import LEAST_NEIGHBOURS, LENGTHS, MOST_LAG1, MOST_LAG1_ALLOWED_FOR


def autoregressive(rng, paths, n, phi):
    """AR(1) with unit variance, shape (paths, n)."""
    x = rng.normal(size=(paths, n))
    for i in range(1, n):
        x[:, i] = phi * x[:, i - 1] + np.sqrt(1 - phi * phi) * x[:, i]
    return x


def means_so_far(x):
    """Mean and unbiased standard deviation of the first 1, 2, … n values."""
    n = np.arange(1, x.shape[1] + 1)
    total, squares = x.cumsum(1), (x * x).cumsum(1)
    spread = np.maximum(squares / n - (total / n) ** 2, 0) * n / np.maximum(n - 1, 1)
    return total / n, np.sqrt(spread)


def _level(x, length):
    """Number of means of `length` at each look, their variance and lag-1 correlation; NaN before the first."""
    paths, n = x.shape
    full = np.arange(1, n + 1) // length
    means = x[:, : full[-1] * length].reshape(paths, full[-1], length).mean(2)
    count = np.arange(1, full[-1] + 1)
    total, squares = means.cumsum(1), (means * means).cumsum(1)
    centre, spread = total / count, squares / count - (total / count) ** 2
    pairs = np.maximum(count - 1, 1)
    first = np.zeros((paths, 1))
    products = np.concatenate([first, (means[:, 1:] * means[:, :-1]).cumsum(1)], 1)
    ends = np.concatenate([first, (means[:, 1:] + means[:, :-1]).cumsum(1)], 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = (products / pairs - centre * ends / pairs + centre**2) / spread
    variance = spread * count / pairs

    def at_looks(values):
        return np.where(full > 0, values[:, np.maximum(full - 1, 0)], np.nan)

    return full, at_looks(variance), at_looks(correlation)


def worth(x):
    """`serial.dependence(…).worth` at every look, shape of `x`; infinite where it is not known."""
    paths, n = x.shape
    lengths = [length for length in LENGTHS if n >= LEAST_NEIGHBOURS * length]
    levels = [_level(x, length) for length in lengths]
    shape = (paths, n)
    chosen, top, ended = np.full(shape, -1), np.full(shape, -1), np.zeros(shape, bool)
    for at in reversed(range(len(lengths))):
        count, _, correlation = levels[at]
        told = np.broadcast_to(count - 1 >= LEAST_NEIGHBOURS, shape)
        doubt = 1.64 / np.sqrt(np.maximum(count - 1, 1))
        chosen = np.where(told & ~ended & (correlation <= MOST_LAG1), at, chosen)
        ended |= told & (correlation > MOST_LAG1 + doubt)
        top = np.where((top < 0) & told, at, top)
    made = np.full(shape, np.inf)
    for at, length in enumerate(lengths):
        count, variance, correlation = levels[at]
        doubt = 1.64 / np.sqrt(np.maximum(count - 1, 1))
        left = np.maximum(0, np.where(chosen < 0, correlation + doubt, correlation))
        with np.errstate(invalid="ignore", divide="ignore"):
            grown = length * variance / levels[0][1] * (1 + left) / (1 - left)
        value = np.where(left <= MOST_LAG1_ALLOWED_FOR, np.maximum(1, grown), np.inf)
        made = np.where(np.where(chosen < 0, top, chosen) == at, value, made)
    return made


def _log_gamma(x):
    """Logarithm of Gamma for x >= 0.5, to 1e-7 and better (Stirling after four steps up)."""
    up = x + 4
    stirling = (up - 0.5) * np.log(up) - up + 0.5 * np.log(2 * np.pi) + 1 / (12 * up) - 1 / (360 * up**3)
    return stirling - np.log(x * (x + 1) * (x + 2) * (x + 3))


def log_mixture(k, n, p):
    """`evidence.log_mixture` of arrays."""
    a, b = _CONCENTRATION * p, _CONCENTRATION * (1 - p)
    prior = _log_gamma(np.float64(a)) + _log_gamma(np.float64(b)) - _log_gamma(np.float64(a + b))
    beta = _log_gamma(k + a) + _log_gamma(n - k + b) - _log_gamma(n + a + b)
    return beta - prior - k * np.log(p) - (n - k) * np.log(1 - p)
