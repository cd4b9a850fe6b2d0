"""The metrics that can be compared, by the names people type."""

from dataclasses import dataclass
from typing import Final, Literal

from ...engine.histogram import FLOORS
from ...profiles.problems import did_you_mean

Kind = Literal["ratio", "share"]
"""A ratio is compared by b's over a's; a share, which may be 0, by b's minus a's."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of a backend.

    Attributes:
        name: as it is typed and written to documents.
        title: for a person.
        unit: of its value; "" for a share.
        better: which direction is good.
        histogram: of METRICS, for a percentile; "" otherwise.
        p: which one.
    """

    name: str
    title: str
    unit: str
    better: Literal["lower", "higher"]
    kind: Kind = "ratio"
    histogram: str = ""
    p: float = 0.0


_LATENCIES: Final = {
    "ttft": "TTFT",
    "ttft_sched": "TTFT from due time",
    "ttfo": "TTFO",
    "tpot": "TPOT",
    "icl": "ICL",
    "e2e": "E2E",
    "e2e_sched": "E2E from due time",
}
_PERCENTILES: Final = {p: f"p{p * 100:g}".replace(".", "") for p in FLOORS}

METRICS: Final = {
    each.name: each
    for each in (
        *(
            Metric(f"{percentile}_{name}", f"{title} {percentile}", "ms", "lower", histogram=name, p=p)
            for name, title in _LATENCIES.items()
            for p, percentile in _PERCENTILES.items()
        ),
        Metric("tok_s", "output", "tok/s", "higher"),
        Metric("goodput", "goodput", "/s", "higher"),
        Metric("attainment", "SLO attainment", "", "higher", "share"),
        Metric("usd_per_m", "$/M output", "$/M", "lower"),
        Metric("j_per_token", "energy", "J/token", "lower"),
        Metric("error_rate", "failed", "", "lower", "share"),
    )
}
"""By name."""

SHOWN: Final = (
    "p50_ttft", "p95_ttft", "p99_ttft", "p50_ttft_sched", "p95_ttft_sched", "p99_ttft_sched", "p50_tpot", "p95_tpot",
    "p99_icl", "p50_e2e", "p95_e2e", "p95_e2e_sched", "tok_s", "goodput", "attainment", "usd_per_m", "j_per_token",
    "error_rate",
)  # fmt: skip
"""Those in the tables; a document has all."""

DUE: Final = "_sched"
"""End of the names of what is counted from the time a prompt was due; in a closed loop that is when it was sent."""


class UnknownMetricError(ValueError):
    """There is no such metric; the text says which there are."""


def find_metric(name: str) -> Metric:
    """The metric called `name`; raises UnknownMetricError."""
    found = METRICS.get(name)
    if found is None:
        near = did_you_mean(name, METRICS)
        some = "p50_, p90_, p95_, p99_, p999_ with " + ", ".join(_LATENCIES)
        others = ", ".join(each.name for each in METRICS.values() if not each.histogram)
        raise UnknownMetricError(f"no metric is called {name!r}{near}; there are {some}; and {others}")
    return found
