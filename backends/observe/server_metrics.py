"""Which server a metrics page is of, by the names on it, and what it says in our terms.

Names come from each project's documentation and from the pages in tests/backends/observe/pages, whose comments say
which of them a real server wrote. Where a name has changed, the newer comes first; the values of names in one string
are added.
"""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Final

import msgspec

from .prometheus import Sample
from .readings import ServerFigures

_DIALECTS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "vLLM": {
        "running": ("vllm:num_requests_running",),
        "waiting": ("vllm:num_requests_waiting", "vllm:num_requests_waiting_by_reason"),
        "kv_cache_share": ("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"),
        "prefix_hit_share": ("vllm:gpu_prefix_cache_hit_rate",),
        "prefix_queries": ("vllm:prefix_cache_queries_total", "vllm:gpu_prefix_cache_queries_total"),
        "prefix_hits": ("vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total"),
        "preemptions": ("vllm:num_preemptions_total",),
        "prompt_tokens": ("vllm:prompt_tokens_total",),
        "generation_tokens": ("vllm:generation_tokens_total",),
    },
    "SGLang": {
        "running": ("sglang:num_running_reqs",),
        "waiting": ("sglang:num_queue_reqs",),
        "kv_cache_share": ("sglang:token_usage",),
        "prefix_hit_share": ("sglang:cache_hit_rate",),
        "prefix_queries": ("sglang:prompt_tokens_total",),
        "prefix_hits": ("sglang:cached_tokens_total",),
        "prompt_tokens": ("sglang:prompt_tokens_total",),
        "generation_tokens": ("sglang:generation_tokens_total",),
    },
    "TGI": {
        "running": ("tgi_batch_current_size",),
        "waiting": ("tgi_queue_size",),
        "prompt_tokens": ("tgi_request_input_length_sum",),
        "generation_tokens": ("tgi_request_generated_tokens_sum",),
    },
    "TensorRT-LLM": {
        "running": ("trtllm_num_active_requests",),
        "waiting": ("trtllm_num_queued_requests", "trtllm_server_queue_length"),
        "kv_cache_share": ("trtllm_kv_cache_utilization",),
        "prefix_hit_share": ("trtllm_kv_cache_hit_rate",),
        "prompt_tokens": ("trtllm_prompt_tokens_total",),
    },
    "Triton": {
        "waiting": ("nv_inference_pending_request_count",),
    },
    "llama.cpp": {
        "running": ("llamacpp:requests_processing",),
        "waiting": ("llamacpp:requests_deferred",),
        "kv_cache_share": ("llamacpp:kv_cache_usage_ratio",),
        "prefix_queries": ("llamacpp:prompt_tokens_total llamacpp:prompt_tokens_cached_total",),
        "prefix_hits": ("llamacpp:prompt_tokens_cached_total",),
        "prompt_tokens": ("llamacpp:prompt_tokens_total",),
        "generation_tokens": ("llamacpp:tokens_predicted_total",),
    },
}

NAMES: Final = frozenset(
    " ".join(names for figures in _DIALECTS.values() for each in figures.values() for names in each).split()
)
"""Every name that means something here."""

_SHARES: Final = frozenset({"kv_cache_share", "prefix_hit_share"})
_RANKS: Final = ("tp_rank", "pp_rank", "moe_ep_rank")
"""Labels of processes that work on the same requests: one of them speaks for all."""


def recognise(page: Sequence[Sample]) -> tuple[str, ServerFigures] | None:
    """The server's name and what its page says; None if it is none of those known."""
    by_name: dict[str, list[float]] = {}
    for sample in page:
        if all(sample.labels.get(rank, "0") in {"", "0"} for rank in _RANKS):
            by_name.setdefault(sample.name, []).append(sample.value)
    found = {
        server: {
            figure: _together(figure, [value for name in names.split() for value in by_name[name]])
            for figure, alternatives in dialect.items()
            if (names := _first(alternatives, by_name)) is not None
        }
        for server, dialect in _DIALECTS.items()
    }
    server = max(found, key=lambda name: len(found[name]))
    return (server, msgspec.convert(found[server], ServerFigures)) if found[server] else None


def _first(alternatives: Iterable[str], present: Mapping[str, object]) -> str | None:
    """The first of which all names are there."""
    return next((names for names in alternatives if all(name in present for name in names.split())), None)


def _together(figure: str, values: Sequence[float]) -> float | None:
    """What several engines or models behind one page come to; vLLM says -1 for a share it does not know."""
    if figure in _SHARES:
        known = [value for value in values if 0 <= value <= 1]
        return fmean(known) if known else None
    return sum(values)
