"""The whole way: a server's hostile answers, errors and model names, over HTTP and the console, to a terminal."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import threading
import time
import unicodedata
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]

SIZE = (100, 30)

ANSWERS = (
    "\x1b]52;c;cHduZWQ=\x07\x1b[31;42mRED\x1b[0m\x1b[2J\x1b[?1049l\x1bc",
    "\x9b31mC1\x9d0;title\x9c \x90q\x9c",
    "[/][bold red]markup[/bold] [@click=app.quit]click[/] [link=https://evil.example]x[/link] [[",
    "bidi\u202egnp.exe\u2066\u2067 zero\u200bwidth\u200d \ufeff\u2028\u2029",
    "漢字かな交じり文😀😀👩‍👩‍👧 e\u0301\u0301\u0301\u0301\u0301 \U000e0041\U0001f3f4",
    "A" * 1_000_000,
    "line\nfeed\r\ttab\x00nul\x7fdel\x08\x08\x08back",
)

STYLE = r"(?: [0-9] | 2[1-9] | 3[0-7] | [34]9 | [34]8;2;\d+;\d+;\d+ )"

OURS = re.compile(
    rf"""\x1b(?:
        \[ (?:\d+(?:;\d+)?)? [HABCDJK]        # the cursor's place, and erasing
        | \[ (?:{STYLE}(?:;{STYLE})*)? m      # weights and true colours
        | \[ \? \d+ (?:;\d+)* (?:[hlu]|\$p)   # modes of the terminal, and asking for them
        | \[ [<>=] \d* u                      # which keys it reports, and no more
        | \[ c                                # which terminal it is
        | \] 22;default \x07                  # the mouse's pointer
    )""",
    re.VERBOSE,
)
"""Escape sequences that the console itself writes."""


class Hostile(BaseHTTPRequestHandler):
    """Lists a hostile model, fails every fourth time with hostile words, else streams hostile ones."""

    protocol_version = "HTTP/1.1"
    asked = 0

    def finish(self):
        """Whoever has left is not missed."""
        with suppress(ConnectionError):
            super().finish()

    def log_message(self, *_):
        """Say nothing."""

    def do_GET(self):
        """The models."""
        self._send(200, "application/json", json.dumps({"data": [{"id": "m" + ANSWERS[0] + ANSWERS[3]}]}).encode())

    def do_POST(self):
        """An answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        Hostile.asked += 1
        said = ANSWERS[Hostile.asked % len(ANSWERS)]
        if Hostile.asked % 4 == 0:
            self._send(400, "application/json", json.dumps({"error": {"message": said}}).encode())
            return
        pieces = [said[:3], said[3:], *ANSWERS[:5], ANSWERS[6]]
        events = [
            {"model": said[:80], "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]}
            for piece in pieces
        ]
        events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop" + ANSWERS[0]}]})
        body = "".join(f"data: {json.dumps(event, ensure_ascii=Hostile.asked % 2 == 0)}\n\n" for event in events)
        self._send(200, "text/event-stream", (body + "data: [DONE]\n\n").encode())

    def _send(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server():
    """Its address."""
    made = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join()
    made.server_close()


def harmful(received):
    """What is in the bytes for a terminal besides the console's own escapes and characters that only stand there."""
    text = OURS.sub("", received.decode("utf-8"))
    bad = [at for at, char in enumerate(text) if unicodedata.category(char)[0] == "C" and char not in "\r\n"]
    return {text[max(at - 10, 0) : at + 20] for at in bad}


@pytest.mark.parametrize("text", ["\x1b]52;c;x\x07", "\x1b[31;42m", "\x9b31m", "\u202e", "\u200b", "\x1bP", "\x07"])
def test_the_check_sees_what_is_harmful(text):
    fine = "\x1b[38;2;1;2;3;48;2;4;5;6m漢字 fine\x1b[0m\x1b[3;4H\r\n"
    assert not harmful(fine.encode())
    assert harmful((fine + text).encode())


def test_nothing_but_safe_text_reaches_the_terminal(server, tmp_path):
    (tmp_path / "infertop").mkdir()
    (tmp_path / "infertop" / "view.toml").write_text('version = 1\npanels = ["stream", "events", "cards"]\n')
    environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "XDG_STATE_HOME": str(tmp_path)}
    for name in ("NO_COLOR", "COLUMNS", "LINES"):
        environment.pop(name, None)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, SIZE[::-1])
    process = subprocess.Popen(
        [sys.executable, "-m", "infertop", server, f"{server}/v1", "--concurrency", "2", "--no-record"],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env=environment,
    )  # fmt: skip
    os.close(theirs)
    received = b""

    def read(seconds, *until):
        nonlocal received
        end, begun = time.monotonic() + seconds, len(received)
        while time.monotonic() < end and not (until and all(word in received[begun:] for word in until)):
            if select.select([ours], [], [], 0.1)[0]:
                try:
                    received += os.read(ours, 1 << 16)
                except OSError:  # it has left
                    return

    try:
        read(30, b"RED", "漢字".encode(), b"markup", b"zero")
        for key in (b"N", b"e", b"\x1b[6~", b"c", b"\x1b[6~", b"\x1b", b"\x10", b"\x1b", b"o", b"7"):
            os.write(ours, key)
            read(0.6)
        os.write(ours, b"q")
        read(20)
        code = process.wait(20)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
        os.close(ours)
    assert code == 0
    for seen in (b"RED", "漢字".encode(), b"markup", b"zero", b"quantiles", b"backend "):
        assert seen in received, seen
    assert not harmful(received)
    assert b"\x1b[31;42m" not in received
    assert b"cHduZWQ=\x07" not in received
    assert b"\x1b[?1049l" in received, "and the terminal is as it was"
