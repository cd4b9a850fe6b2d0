"""A stack's `/metrics` page: vLLM's names, Prometheus text format."""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

# vLLM's bucket edges, shortened.
_SHORT_S: Final = (0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1.0, 2.5)
_LONG_S: Final = (0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0)


class Histogram:
    """Counts of seconds in fixed buckets."""

    def __init__(self, edges_s: tuple[float, ...]) -> None:
        self.edges_s = edges_s
        self.counts = [0] * (len(edges_s) + 1)
        self.sum_s = 0.0

    def add(self, value_ns: int, times: int = 1) -> None:
        """Count a duration `times` times."""
        value_s = value_ns * 1e-9
        self.counts[bisect_left(self.edges_s, value_s)] += times
        self.sum_s += value_s * times


class StackMetrics:
    """What one stack counts since it started."""

    def __init__(self) -> None:
        self.prompt_tokens = 0
        self.generation_tokens = 0
        self.finished = {"stop": 0, "length": 0, "abort": 0}
        self.ttft = Histogram(_LONG_S)
        self.itl = Histogram(_SHORT_S)
        self.e2e = Histogram(_LONG_S)
        self.queue = Histogram(_LONG_S)


def metrics_page(
    model: str,
    metrics: StackMetrics,
    *,
    running: int,
    waiting: int,
    kv_share: float,
    power_w: float,
    idle_power_w: float,
) -> str:
    """The page.

    Args:
        model: label of every sample.
        metrics: the counters.
        running: requests in the batch.
        waiting: requests in the queue.
        kv_share: reserved part of the key and value memory, 0 to 1.
        power_w: modelled watts now.
        idle_power_w: modelled watts without load.
    """
    label = f'model_name="{model}"'
    lines: list[str] = []

    def family(kind: str, name: str, meaning: str, samples: Iterator[tuple[str, float]]) -> None:
        lines.append(f"# HELP {name} Simulated: {meaning}")
        lines.append(f"# TYPE {name} {kind}")
        lines.extend(f"{name}{suffix} {value}" for suffix, value in samples)

    def single(kind: str, name: str, meaning: str, value: float) -> None:
        family(kind, name, meaning, iter([(f"{{{label}}}", value)]))

    single("gauge", "vllm:num_requests_running", "requests in the batch.", running)
    single("gauge", "vllm:num_requests_waiting", "requests in the queue.", waiting)
    single("gauge", "vllm:kv_cache_usage_perc", "key and value memory in use; 1 is all of it.", kv_share)
    single("counter", "vllm:prompt_tokens_total", "prompt tokens of answered requests.", metrics.prompt_tokens)
    single("counter", "vllm:generation_tokens_total", "output tokens.", metrics.generation_tokens)
    family(
        "counter",
        "vllm:request_success_total",
        "requests that ended, by reason.",
        ((f'{{{label},finished_reason="{reason}"}}', count) for reason, count in metrics.finished.items()),
    )
    for name, meaning, histogram in (
        ("vllm:time_to_first_token_seconds", "from arrival to the first token.", metrics.ttft),
        ("vllm:inter_token_latency_seconds", "between output tokens.", metrics.itl),
        ("vllm:e2e_request_latency_seconds", "from arrival to the last token.", metrics.e2e),
        ("vllm:request_queue_time_seconds", "from arrival to the batch.", metrics.queue),
    ):
        family("histogram", name, meaning, _histogram_samples(histogram, label))
    single("gauge", "infertop_fleet:power_watts", "power of the whole stack, modelled.", power_w)
    single("gauge", "infertop_fleet:idle_power_watts", "its power without load, modelled.", idle_power_w)
    return "\n".join(lines) + "\n"


def _histogram_samples(histogram: Histogram, label: str) -> Iterator[tuple[str, float]]:
    total = 0
    for edge, count in zip((*map(str, histogram.edges_s), "+Inf"), histogram.counts, strict=True):
        total += count
        yield f'_bucket{{{label},le="{edge}"}}', total
    yield f"_sum{{{label}}}", round(histogram.sum_s, 6)
    yield f"_count{{{label}}}", total
