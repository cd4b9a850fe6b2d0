"""Metrics and energy end to end, as a person gets them: in the document of `infertop run … --json`."""

import http.server
import threading
import time

import pytest

LLAMACPP = """
[[backends]]
name = "llama.cpp"
url = "{url}/v1"
{power}

[workload]
max_tokens = 24

[arrivals]
concurrency = 4

[run]
duration = "2200ms"
"""


def test_the_fleet_tells_energy_and_says_that_it_is_a_model(measured):
    code, document = measured(
        """
        [[backends]]
        name = "H200"
        sim = "h200"
        [workload]
        max_tokens = 32
        [arrivals]
        concurrency = 8
        [run]
        duration = "2200ms"
        """
    )
    assert code == 0
    (backend,) = document["backends"]
    energy, server = backend["energy"], backend["server"]
    assert (energy["source"], energy["measured"], energy["error"]) == ("modelled", False, "")
    assert energy["j_per_output_token"] == pytest.approx(energy["mean_watts"] / backend["tok_s"], rel=0.01)
    assert 0 < energy["net_joules"] < energy["joules"]
    assert energy["j_per_batch"] == pytest.approx(energy["j_per_request"] * server["running"], rel=0.01)
    assert server["source"] == "vLLM /metrics"
    assert 1 < server["running"] <= 8


def test_a_real_server_is_known_by_its_metrics(measured, llamacpp):
    code, document = measured(LLAMACPP.format(url=llamacpp[1], power=""))
    assert code == 0
    (backend,) = document["backends"]
    server = backend["server"]
    assert server["source"] == "llama.cpp /metrics"
    assert server["error"] == ""
    assert 0 < server["running"] <= 4
    assert server["prompt_tokens"] > 0
    assert server["generation_tokens"] > 0
    assert backend["energy"]["source"] == "n/a"


@pytest.mark.slow
def test_power_that_is_not_there_is_said_and_harms_nothing(measured, llamacpp):
    """A GPU that this machine lacks: no figure, the reason, a whole run."""
    pynvml = pytest.importorskip("pynvml")
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        pass
    else:
        pytest.skip("there is a GPU")
    code, document = measured(LLAMACPP.format(url=llamacpp[1], power='power = { source = "nvml" }'))
    assert code == 0
    energy = document["backends"][0]["energy"]
    assert (energy["joules"], energy["source"]) == (None, "n/a")
    assert "no working NVIDIA driver" in energy["error"]


class _Hanging(http.server.BaseHTTPRequestHandler):
    """Takes a request and says nothing for as long as anybody listens."""

    def do_GET(self):
        time.sleep(30)

    def log_message(self, *arguments):
        pass


@pytest.mark.slow
def test_a_metrics_page_that_hangs_holds_up_nobody(measured, llamacpp):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Hanging)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f'metrics_url = "http://127.0.0.1:{server.server_port}/metrics"'
        code, document = measured(LLAMACPP.format(url=llamacpp[1], power=url))
    finally:
        server.shutdown()
        server.server_close()
    assert code == 0
    (backend,) = document["backends"]
    assert backend["requests"]["finished"] > 10
    assert backend["requests"]["failed"] == 0
    assert backend["server"]["running"] is None
    assert "/metrics" in backend["server"]["error"]
    assert document["run"]["duration_s"] < 6
