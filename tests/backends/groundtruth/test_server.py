"""The server over real sockets, in its real process, against a client that shares no code with it."""

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from infertop.backends.groundtruth import MODEL, Pace, start_ground_truth

from .conftest import connect

CONTENT = re.compile(rb'"content":" (\d+)"')


def numbers(answer):
    """The tokens in an answer, by the numbers they carry."""
    return [int(number) for number in CONTENT.findall(answer)]


def test_the_log_is_what_a_client_saw(server, client):
    client.ask(7, max_tokens=50, ttft_ms=5, gap_ms=2)
    asked_ns = time.perf_counter_ns()
    assert numbers(client.answer()) == list(range(50))
    (written,) = server.take_log().answers
    assert (written.index, written.tokens, len(written.at_ns)) == (7, 50, 50)
    assert abs(written.received_ns - asked_ns) < 50e6
    seen = [at_ns for at_ns, data in client.reads for _ in numbers(data)]
    delays = [seen_ns - at_ns for seen_ns, at_ns in zip(seen, written.at_ns, strict=True)]
    assert min(delays) > 0  # a token cannot be seen before it was written
    assert statistics.median(delays) < 2e6


def test_each_token_is_one_event_in_one_chunk_in_one_write(server, client):
    client.ask(0, max_tokens=20, ttft_ms=5, gap_ms=5)
    answer = client.answer()
    body = answer.partition(b"\r\n\r\n")[2]
    sizes = [int(size, 16) for size in re.findall(rb"(?:^|\r\n)([0-9a-f]+)\r\ndata", body)]
    assert len(sizes) == 20 + 3  # finish reason, usage, [DONE]
    assert len([data for _, data in client.reads if numbers(data)]) >= 18  # two may meet on the way, if we are late


def lateness_ms(server):
    """How late each token of eight paced streams was."""
    clients = [connect(server) for _ in range(8)]
    for index, client in enumerate(clients):
        client.ask(index, max_tokens=40, ttft_ms=20, gap_ms=5)
    for client in clients:
        assert numbers(client.answer()) == list(range(40))
        client.sock.close()
    answers = server.take_log().answers
    assert sorted(answer.index for answer in answers) == list(range(8))
    return [late_ns / 1e6 for answer in answers for late_ns in answer.late_ns()]


def test_pace(server):
    """The best of several tries, for the machine may be busy; never early in any of them."""
    medians = []
    for _ in range(5):
        late = lateness_ms(server)
        assert min(late) >= 0
        medians.append(statistics.median(late))
        if medians[-1] < 1:
            break
    assert min(medians) < 1


def test_flat_out_takes_turns_and_loses_nothing(server):
    clients = [connect(server) for _ in range(4)]
    for index, client in enumerate(clients):
        client.ask(index, max_tokens=2000, ttft_ms=0, gap_ms=0)
    for client in clients:
        assert numbers(client.answer()) == list(range(2000))
        client.sock.close()
    answers = server.take_log().answers
    assert all(earlier <= later for answer in answers for earlier, later in pairwise(answer.at_ns))
    # Side by side, not one after the other.
    assert max(answer.at_ns[0] for answer in answers) < min(answer.at_ns[-1] for answer in answers)


@pytest.mark.parametrize("gap_ms", [0, 0.001])
def test_a_client_that_stops_reading_holds_up_nobody_and_misses_nothing(server, gap_ms):
    slow, brisk = connect(server), connect(server)
    slow.ask(1, max_tokens=60_000, ttft_ms=0, gap_ms=gap_ms)
    time.sleep(0.3)
    brisk.ask(2, max_tokens=500, ttft_ms=0, gap_ms=gap_ms)
    assert numbers(brisk.answer()) == list(range(500))
    assert [answer.index for answer in server.take_log().answers] == [2]  # the other one is stuck
    assert numbers(slow.answer()) == list(range(60_000))
    (written,) = server.take_log().answers
    assert len(written.at_ns) == 60_000
    for client in (slow, brisk):
        client.sock.close()


def test_a_client_that_leaves_is_noted_with_what_it_was_sent(server, client):
    client.ask(3, max_tokens=1000, ttft_ms=1, gap_ms=1)
    client.read_until(b"\n\n\r\n")
    client.sock.close()
    deadline = time.monotonic() + 5
    answers = server.take_log().answers
    while not answers and time.monotonic() < deadline:
        time.sleep(0.01)
        answers = server.take_log().answers
    (written,) = answers
    assert written.index == 3
    assert 1 <= len(written.at_ns) < 1000 == written.tokens


def test_requests_may_be_sent_ahead_and_in_pieces(server, client):
    client.ask(1, max_tokens=3, ttft_ms=5, gap_ms=1)
    client.ask(2, max_tokens=4, ttft_ms=5, gap_ms=1)
    assert numbers(client.answer() + client.answer()) == [0, 1, 2, 0, 1, 2, 3]
    whole = b"GET /v1/models HTTP/1.1\r\n\r\n"
    for at in range(len(whole)):
        client.sock.sendall(whole[at : at + 1])
    assert MODEL.encode() in client.read_until(b"]}")


def test_a_log_is_handed_out_once(server, client):
    client.ask(1, max_tokens=1, ttft_ms=0, gap_ms=0)
    client.answer()
    first, second = server.take_log(), server.take_log()
    assert (len(first.answers), len(second.answers)) == (1, 0)
    assert first.at_ns < second.at_ns
    assert first.cpu_ns <= second.cpu_ns


def test_what_is_not_served_is_said(client):
    client.send("GET", "/v2/what")
    assert b"served: POST /v1/chat/completions" in client.read_until(b"}}")
    client.send("POST", "/v1/chat/completions", json.dumps({"messages": [{"content": "1"}]}).encode())
    assert b'"stream\\": true' in client.read_until(b"}}")
    assert client.closed()


def test_the_pace_can_be_given_at_the_start():
    with start_ground_truth(Pace(ttft_ms=1, gap_ms=0, tokens=3)) as server:
        client = connect(server)
        client.ask(1)
        assert numbers(client.answer()) == [0, 1, 2]
        client.sock.close()


def gone(pid):
    """Whether a process that is not our child ends within 5 s."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def test_it_ends_when_its_parent_is_killed():
    code = (
        "import time; from infertop.backends.groundtruth import start_ground_truth; "
        "server = start_ground_truth(); server.take_log(); print(server.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        os.kill(pid, 0)
        parent.kill()
    assert gone(pid)


def test_closing_it_twice_is_harmless():
    server = start_ground_truth()
    pid = server.pid
    server.close()
    server.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_it_can_be_started_by_hand():
    command = [sys.executable, "-m", "infertop.backends.groundtruth"]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run([*command, f"--port={port}"], capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (1, f"cannot listen on 127.0.0.1 port {port}: Address already in use\n")
    assert "examples:" in subprocess.run([*command, "--help"], capture_output=True, text=True, check=True).stdout


def test_it_shares_no_code_with_what_it_judges():
    code = (
        "import sys, infertop.backends.groundtruth.server\n"
        "ours = {name for name in sys.modules if name.startswith('infertop.')}\n"
        "print(sorted(name for name in ours if not name.startswith('infertop.backends.groundtruth')), "
        "sorted({'httpx', 'msgspec', 'numpy', 'uvloop'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['infertop.backends'] []"
