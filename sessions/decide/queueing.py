"""Waiting for a free place: the M/M/c queue (Erlang C), for figures that do not hold the waiting already.

A capacity measured under random arrivals holds the waiting inside its replica: a random stream divided at random
among n replicas is a random stream at each, so n times the load takes n times the replicas and nothing is added here.
That routing to the least loaded replica does better is not counted on. A capacity measured in a closed loop holds no
waiting: it is taken for c places that each serve one request at a time, and lowered until waiting leaves enough of
the limit. Service times are exponential in this model; those of one class vary less, so it errs towards waiting.
"""

import math
from typing import Final

_EXACT_SERVERS: Final = 5_000
_STEPS: Final = 50


def wait_probability(servers: int, offered: float) -> float:
    """The chance that an arrival finds all `servers` busy (Erlang C).

    Args:
        servers: places, 1 or more.
        offered: arrivals a second times seconds of service; 1 is returned from `servers` on.
    """
    if offered <= 0:
        return 0.0
    if offered >= servers:
        return 1.0
    if servers > _EXACT_SERVERS:
        return _halfin_whitt(servers, offered)
    blocked = 1.0  # Erlang B by its recursion over the places
    for place in range(1, servers + 1):
        blocked = offered * blocked / (place + offered * blocked)
    busy = offered / servers
    return blocked / (1 - busy * (1 - blocked))


def _halfin_whitt(servers: int, offered: float) -> float:
    """Erlang C for many places: 1/(1 + b Φ(b)/φ(b)), b = (c - a)/√c (Halfin & Whitt 1981); within 5 %."""
    b = (servers - offered) / math.sqrt(servers)
    if b > 30:
        return 0.0
    below = 0.5 * math.erfc(-b / math.sqrt(2))
    density = math.exp(-b * b / 2) / math.sqrt(2 * math.pi)
    return density / (density + b * below)


def mean_wait_s(servers: int, rate_per_s: float, service_s: float) -> float:
    """How long an arrival waits in the mean; infinite where the queue grows without end."""
    offered = rate_per_s * service_s
    if offered >= servers:
        return math.inf
    return wait_probability(servers, offered) * service_s / (servers - offered)


def wait_quantile_s(servers: int, rate_per_s: float, service_s: float, quantile: float) -> float:
    """What a share `quantile` of the arrivals do not wait longer than: P(W > t) = P(W > 0) e^(-(c - a) t / s)."""
    offered = rate_per_s * service_s
    if offered >= servers:
        return math.inf
    waits = wait_probability(servers, offered)
    return 0.0 if waits <= 1 - quantile else math.log(waits / (1 - quantile)) * service_s / (servers - offered)


def most_rate_per_s(servers: int, service_s: float, quantile: float, wait_s: float) -> float:
    """The highest rate at which a share `quantile` waits no longer than `wait_s`; 0 where `wait_s` is negative."""
    if wait_s < 0:
        return 0.0
    low, high = 0.0, servers / service_s
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if wait_quantile_s(servers, middle, service_s, quantile) <= wait_s:
            low = middle
        else:
            high = middle
    return low
