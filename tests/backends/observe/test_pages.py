"""What each server's and exporter's page comes to, and that nothing else on a page matters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.observe.exporters import AMD, DCGM, FLEET, TRITON
from infertop.backends.observe.prometheus import samples
from infertop.backends.observe.readings import ServerFigures, SourceError
from infertop.backends.observe.server_metrics import NAMES, recognise

EXPECTED = {
    "vllm": (
        "vLLM",
        ServerFigures(
            running=13,
            waiting=2,
            kv_cache_share=0.3,
            prefix_queries=4000,
            prefix_hits=1000,
            preemptions=3,
            prompt_tokens=12_000,
            generation_tokens=42_000,
        ),
    ),
    "vllm_v0": (
        "vLLM",
        ServerFigures(running=3, waiting=1, kv_cache_share=0.5, preemptions=0, generation_tokens=812),
    ),
    "sglang": (
        "SGLang",
        ServerFigures(
            running=161,
            waiting=5,
            kv_cache_share=0.28,
            prefix_hit_share=0.0075,
            prefix_queries=8_128_902,
            prefix_hits=812_990,
            prompt_tokens=8_128_902,
            generation_tokens=7_557_572,
        ),
    ),
    "tgi": ("TGI", ServerFigures(running=4, waiting=7, prompt_tokens=9000, generation_tokens=8123)),
    "trtllm": (
        "TensorRT-LLM",
        ServerFigures(running=12, waiting=1, kv_cache_share=0.42, prefix_hit_share=0.2),
    ),
    "triton": ("Triton", ServerFigures(waiting=5)),
    "llamacpp": (
        "llama.cpp",
        ServerFigures(running=0, waiting=0, prefix_queries=46, prefix_hits=0, prompt_tokens=46, generation_tokens=12),
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_server_is_known_by_its_names(page, name):
    server, figures = recognise(samples(page(name), NAMES))
    assert server == EXPECTED[name][0]
    for field in ServerFigures.__struct_fields__:
        wanted = getattr(EXPECTED[name][1], field)
        assert getattr(figures, field) == (None if wanted is None else pytest.approx(wanted)), field


@pytest.mark.parametrize("name", ["dcgm", "amd"])
def test_a_page_of_something_else_is_no_servers(page, name):
    assert recognise(samples(page(name), NAMES)) is None


def test_only_what_somebody_asks_for_is_parsed(page):
    """A broken line among histograms and other people's metrics harms nothing."""
    broken = b'vllm:time_to_first_token_seconds_bucket{le="0.1"\nmy_metric{ 3 = "\n\xff\xfe{\n' + page("vllm")
    assert recognise(samples(broken, NAMES)) == recognise(samples(page("vllm"), NAMES))


@pytest.mark.parametrize(
    "line", ['vllm:num_requests_running{a="b" 3', "vllm:num_requests_running x", "tgi_queue_size"]
)
def test_a_broken_line_that_matters_is_said(line):
    with pytest.raises(SourceError, match="not a Prometheus page"):
        samples(line.encode(), NAMES)


def test_what_is_not_a_number_is_left_out():
    found = samples(b"tgi_queue_size NaN\ntgi_batch_current_size +Inf\ntgi_queue_size 3\n", NAMES)
    assert [(sample.name, sample.value) for sample in found] == [("tgi_queue_size", 3.0)]


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_a_page_or_an_error(data):
    try:
        found = samples(data + b"\ntgi_queue_size 1\n", NAMES)
    except SourceError:
        return
    assert recognise(found) is not None


def test_dcgm_counts_a_split_gpu_once_and_knows_a_blank(page):
    found = DCGM.read(samples(page("dcgm"), DCGM.names), 5)
    assert found.watts == pytest.approx(512.75)
    assert found.counters == {"GPU-a": pytest.approx(15_152_422.938), "GPU-b": pytest.approx(257_858.316)}
    only = DCGM.read(samples(page("dcgm"), DCGM.names), 5, [1])
    assert (only.watts, list(only.counters)) == (100.25, ["GPU-b"])
    assert DCGM.read(samples(page("dcgm"), DCGM.names), 5, [2]) is None


def test_amd_counts_microjoules(page):
    found = AMD.read(samples(page("amd"), AMD.names), 5)
    assert found.watts == 1499
    assert found.counters == {"SN-0": pytest.approx(2.5e6), "SN-1": pytest.approx(1.5e6)}


def test_triton_counts_joules(page):
    found = TRITON.read(samples(page("triton"), TRITON.names), 5)
    assert found.watts == 600
    assert sum(found.counters.values()) == pytest.approx(409_300.037)


def test_the_fleet_tells_a_model_with_its_idle_power():
    page = (
        b'infertop_fleet:power_watts{model_name="m"} 1800.0\ninfertop_fleet:idle_power_watts{model_name="m"} 440.0\n'
    )
    found = FLEET.read(samples(page, FLEET.names), 5)
    assert (found.watts, found.idle_watts, found.counters) == (1800, 440, {})
    assert not FLEET.measured
