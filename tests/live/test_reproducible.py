"""The same seed sends the same bytes at the same times, run after run, to every backend."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median

import pytest

ANSWER = (
    b'data: {"choices":[{"index":0,"delta":{"content":"yes"},"finish_reason":null}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}\n\n'
    b"data: [DONE]\n\n"
)

PROFILE = """
[[backends]]
name = "one"
url = "{one}"
model = "m"

[[backends]]
name = "other"
url = "{other}"
model = "m"

[workload]
source = "rag"

[arrivals]
kind = "poisson"
rate_per_s = 30

[run]
requests = 40
seed = {seed}
"""


class Recorder:
    """A server that answers at once and keeps what it was sent and when."""

    def __init__(self):
        recorder = self
        self.bodies = []
        self.times = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                now = time.monotonic()
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if not self.path.endswith("/chat/completions"):  # what kind of server is this?
                    self.send_error(404)
                    return
                recorder.bodies.append(body)
                recorder.times.append(now)
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Content-Length", str(len(ANSWER)))
                self.end_headers()
                self.wfile.write(ANSWER)

            def log_message(self, *arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def recorders():
    made = [Recorder(), Recorder()]
    yield made
    for recorder in made:
        recorder.close()


def run_once(measured, recorders, seed, *flags):
    for recorder in recorders:
        recorder.bodies, recorder.times = [], []
    code, document = measured(PROFILE.format(one=recorders[0].url, other=recorders[1].url, seed=seed), *flags)
    assert code == 0
    assert [backend["requests"]["finished"] for backend in document["backends"]] == [40, 40]
    return [(recorder.bodies, recorder.times) for recorder in recorders]


def test_the_same_seed_sends_the_same_bytes_at_the_same_times(measured, recorders):
    (first, first_times), (first_other, _) = run_once(measured, recorders, seed=5)
    (second, second_times), _ = run_once(measured, recorders, seed=5)
    (different, _), _ = run_once(measured, recorders, seed=6)
    assert sorted(first) == sorted(first_other) == sorted(second)
    assert len(set(first)) == 40
    assert not set(first) & set(different)
    apart = [(a - first_times[0]) - (b - second_times[0]) for a, b in zip(first_times, second_times, strict=True)]
    assert abs(median(apart)) < 0.1  # of the run's 1.3 s; another timetable is off by several times as much


def test_two_workers_send_the_bytes_of_one_at_the_times_of_one(measured, recorders):
    (one, one_times), (one_other, _) = run_once(measured, recorders, seed=5)
    (two, two_times), (two_other, _) = run_once(measured, recorders, 5, "--workers", 2)
    assert sorted(two) == sorted(two_other) == sorted(one) == sorted(one_other)
    assert len(set(two)) == 40
    alone, shared = dict(zip(one, one_times, strict=True)), dict(zip(two, two_times, strict=True))
    for body in one:
        assert shared[body] - min(two_times) == pytest.approx(alone[body] - min(one_times), abs=0.1)
