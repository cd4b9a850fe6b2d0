"""File descriptors: whether this process may hold as many connections as a run wants at once."""

import resource
from typing import Final

from .plan import RunPlan
from .share import Share
from .watcher import RunError

SPARE: Final = 64
"""For everything but connections to backends."""


def make_room(plan: RunPlan, share: Share) -> None:
    """Raise this process's limit, as far as the system lets it, for what a closed loop keeps in flight here.

    An open loop has no such number; it counts what finds no room as not sent.

    Raises:
        RunError: the system does not let it.
    """
    if plan.arrivals.kind != "closed":
        return
    caps = [each.max_concurrency for each in plan.backends]
    in_flight = [
        share.of(plan.arrivals.concurrency if cap is None else min(cap, plan.arrivals.concurrency)) for cap in caps
    ]
    wanted = sum(in_flight) + SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or wanted <= soft:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (ValueError, OSError):
        raise RunError(
            f"{sum(in_flight):,} requests in flight need {wanted:,} open files and the system allows a process "
            f"{hard:,}: lower --concurrency, share it among --workers, or raise the limit (ulimit -n)"
        ) from None
