"""The fault matrix: what a server or the way to it does, and what infertop must make of it.

`docs/faults.md` holds it as a table; `test_document.py` keeps the two alike.
"""

from dataclasses import dataclass
from typing import Final, Literal

from infertop.backends.errors import ErrorKind

from .neighbours import Script, chunk, says, says_once
from .scripts import (
    DONE,
    END,
    FINISH,
    FIRST,
    HEAD,
    STREAM,
    TEXT,
    USAGE,
    answers,
    byte_by_byte,
    document,
    refuses_tls,
    repeats,
    resets_after,
    stalls_after,
    with_usage,
)

Where = Literal["server", "nobody", "full", "nameless", "expired", "other host", "self-signed", "no tls"]
"""What the URL leads to: a server with the fault's script; a closed port; a port that takes no more connections; a
name that does not resolve; TLS with such a certificate; https where plain HTTP is spoken."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One row.

    Attributes:
        stage: the heading it stands under.
        name: what goes wrong.
        kind: how its requests fail; None if the answer is whole all the same.
        seen: what else there is to say, for a person.
        says: part of the message a person sees, without case.
        tokens: output tokens of an answer that is whole; None where they are estimated.
        disbelieved: the stated counts must not be believed.
    """

    stage: str
    name: str
    kind: ErrorKind | None
    script: Script | None = None
    where: Where = "server"
    seen: str = ""
    says: str = ""
    tokens: int | None = 3
    disbelieved: bool = False


CUT, MALFORMED, TIMEOUT, TLS = ErrorKind.CUT, ErrorKind.MALFORMED, ErrorKind.TIMEOUT, ErrorKind.TLS
IN_BAND, SERVER = ErrorKind.IN_BAND, ErrorKind.SERVER
SSE: Final = b"content-type: text/event-stream\r\n"
HTML: Final = b"<html><head><style>b{}</style></head><body><h1>Bad <b>Gateway</b></h1>\x1b[31m</body></html>"
WHOLE: Final = HEAD + chunk(STREAM) + END
DEEP: Final = b"[" * 200_000
GUESSED: Final = "tokens are estimated (≈)"
LIE: Final = "the counts are disbelieved, counted so, and estimated (≈)"


def _event(payload: bytes) -> bytes:
    return b"data: %b\n\n" % payload


def _delta(text: bytes) -> bytes:
    return _event(b'{"choices":[{"delta":{"content":"%b"}}]}' % text)


CONNECTING: Final = "Connecting"
ANSWERING: Final = "Before an answer"
STATUS: Final = "Another status than 200"
STREAMING: Final = "Inside a stream"
EVENTS: Final = "What the events say"
COUNTS: Final = "Token counts"

MATRIX: Final = (
    Fault(CONNECTING, "refused", ErrorKind.CONNECT, where="nobody", says="connect"),
    Fault(CONNECTING, "blackholed: no answer to the first packet", TIMEOUT, where="full"),
    Fault(CONNECTING, "the name does not resolve", ErrorKind.DNS, where="nameless"),
    Fault(CONNECTING, "certificate expired", TLS, where="expired", says="expired"),
    Fault(CONNECTING, "certificate for another host", TLS, where="other host", says="mismatch"),
    Fault(CONNECTING, "certificate signed by itself", TLS, where="self-signed", says="self-signed"),
    Fault(CONNECTING, "https where plain HTTP is spoken", TLS, refuses_tls, where="no tls"),
    Fault(ANSWERING, "reset before the request was read", CUT, resets_after(reading=False), says="reset"),
    Fault(ANSWERING, "reset after the request", CUT, resets_after(), says="reset"),
    Fault(ANSWERING, "closed after the request", CUT, says_once(), says="closed"),
    Fault(ANSWERING, "reset inside the header fields", CUT, resets_after(HEAD[:40])),
    Fault(ANSWERING, "silence", TIMEOUT, stalls_after()),
    Fault(ANSWERING, "header fields that take for ever", TIMEOUT, repeats(HEAD[:-2], b"x: y\r\n", 0.05)),
    Fault(ANSWERING, "header fields without end", MALFORMED, repeats(HEAD[:-2], b"x-a: %b\r\n" % (b"b" * 9000))),
    Fault(ANSWERING, "one gigantic header field", MALFORMED, repeats(HEAD[:-2] + b"x: ", b"y" * 9000)),
    Fault(ANSWERING, "100 and 103 before the answer", None,
          says(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", WHOLE)),
    Fault(ANSWERING, "100 without end", MALFORMED, repeats(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 400)),
    Fault(ANSWERING, "101, another protocol", MALFORMED,
          says(b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nhello")),
    Fault(ANSWERING, "not HTTP", MALFORMED, says(b"220 mail.example ESMTP\r\n", pause_s=5), says="not an http"),
    Fault(STATUS, "204, nothing", CUT, says(b"HTTP/1.1 204 No Content\r\n\r\n"), says="neither a finish reason"),
    Fault(STATUS, "302", ErrorKind.REDIRECT, document(b"302 Found", fields=b"location: http://127.0.0.1:1/\r\n"),
          seen="never followed", says="127.0.0.1:1"),
    Fault(STATUS, "304", ErrorKind.REDIRECT, says(b"HTTP/1.1 304 Not Modified\r\n\r\n")),
    Fault(STATUS, "404 as HTML", ErrorKind.CLIENT, document(b"404 Not Found", HTML, b"text/html"), says="bad gateway",
          seen="text without markup and control characters"),
    Fault(STATUS, "429", ErrorKind.RATE_LIMIT, document(b"429 Too Many", b'{"error":{"message":"slow down"}}'),
          says="slow down", seen="sending pauses; what falls due meanwhile is `not_sent`"),
    Fault(STATUS, "502 as HTML", SERVER, document(b"502 Bad Gateway", HTML, b"text/html"), says="bad gateway"),
    Fault(STATUS, "500 with a body without end", SERVER,
          repeats(b"HTTP/1.1 500 Oops\r\n\r\n", b"x" * 9000), seen="64 KiB of it are read"),
    Fault(STATUS, "500 with JSON 200,000 deep", SERVER, document(b"500 Oops", DEEP)),
    Fault(STATUS, "200 as HTML", MALFORMED, document(b"200 OK", HTML, b"text/html"), says="text/html"),
    Fault(STATUS, "200 as JSON that is no completion", MALFORMED, document(b"200 OK", b'{"ok":true}')),
    Fault(STATUS, "gzip that nobody asked for", MALFORMED,
          document(b"200 OK", b"\x1f\x8b", b"text/event-stream", b"content-encoding: gzip\r\n"), says="gzip"),
    Fault(STREAMING, "reset after the header fields", CUT, resets_after(HEAD)),
    Fault(STREAMING, "reset inside the stream", CUT, resets_after(HEAD, chunk(FIRST)), says="reset"),
    Fault(STREAMING, "reset inside an event", CUT, resets_after(HEAD, chunk(FIRST + TEXT[:20]))),
    Fault(STREAMING, "reset after the finish reason", None, resets_after(HEAD, chunk(FIRST + FINISH + USAGE)),
          seen="the answer was whole"),
    Fault(STREAMING, "closed inside a chunk", CUT, says_once(HEAD, b"ff\r\n" + FIRST)),
    Fault(STREAMING, "ended without finish reason and [DONE]", CUT, answers(FIRST, TEXT), says="neither"),
    Fault(STREAMING, "stalled", TIMEOUT, stalls_after(HEAD, chunk(FIRST))),
    Fault(STREAMING, "stalled after [DONE]", None, stalls_after(HEAD, chunk(STREAM)),
          seen="not waited for longer than 1 s; the connection is given up"),
    Fault(STREAMING, "a byte at a time", None, byte_by_byte(WHOLE)),
    Fault(STREAMING, "text without end", TIMEOUT, repeats(HEAD, chunk(TEXT * 50)),
          seen="at most 1 Mi characters kept"),
    Fault(STREAMING, "comments without end", TIMEOUT, repeats(HEAD, chunk(b": ping\n\n" * 500))),
    Fault(STREAMING, "an event without end", MALFORMED, repeats(HEAD, chunk(b"x" * 60_000)), says="longer than"),
    Fault(STREAMING, "an event of 3 MiB", None, answers(_delta(b"x" * (3 << 20)), FINISH + USAGE + DONE)),
    Fault(STREAMING, "broken chunked coding", MALFORMED, says(HEAD, chunk(FIRST), b"zz\r\n", pause_s=0.02)),
    Fault(STREAMING, "a chunk of 2⁶⁴ bytes", MALFORMED, says(HEAD + b"1" + b"0" * 16 + b"\r\n", pause_s=5)),
    Fault(STREAMING, "two lengths", MALFORMED,
          says(b"HTTP/1.1 200 OK\r\n" + SSE + b"content-length: 5\r\ncontent-length: 9\r\n\r\n" + FIRST)),
    Fault(EVENTS, "[DONE] twice, and text after it", None, answers(STREAM, DONE + TEXT + DONE)),
    Fault(EVENTS, "finish reason twice", None, answers(FIRST + FINISH + FINISH + USAGE + DONE)),
    Fault(EVENTS, "[DONE] and nothing else", None, answers(DONE), tokens=None, seen="an answer without content"),
    Fault(EVENTS, "not JSON", MALFORMED, answers(FIRST, _event(b"{oops"))),
    Fault(EVENTS, "JSON of another shape", MALFORMED, answers(FIRST, _event(b'{"choices":7}'))),
    Fault(EVENTS, "NaN", MALFORMED, answers(FIRST, _event(b'{"choices":[],"usage":{"prompt_tokens":NaN}}'))),
    Fault(EVENTS, "JSON 200,000 deep", MALFORMED, answers(FIRST, _event(b'{"timings":' + DEEP))),
    Fault(EVENTS, "invalid UTF-8", MALFORMED, answers(FIRST, _delta(b"\xff\xfe"))),
    Fault(EVENTS, "half a surrogate pair", MALFORMED, answers(FIRST, _delta(rb"\ud800 x"))),
    Fault(EVENTS, "escapes and markup in the text", None,
          answers(_delta(rb"\u001b]0;pwned\u0007[red]\u202e"), FINISH + USAGE + DONE),
          seen="made harmless before it is shown"),
    Fault(EVENTS, "an error inside the stream", IN_BAND, answers(FIRST, _event(b'{"error":{"message":"no memory"}}')),
          says="no memory"),
    Fault(EVENTS, "the server's own timings are no times", None,
          answers(FIRST + FINISH, _event(b'{"choices":[],"timings":{"prompt_ms":-5,"predicted_ms":1%b},'
                                         b'"time_info":{"queue_time":"nan"},"usage":{"completion_tokens":3}}'
                                         % (b"0" * 400)) + DONE),
          seen="left out"),
    Fault(COUNTS, "none", None, answers(FIRST, FINISH, DONE), tokens=None, seen=GUESSED),
    Fault(COUNTS, "negative", None, with_usage(b'"prompt_tokens":-7,"completion_tokens":-3'),
          tokens=None, disbelieved=True, seen=LIE),
    Fault(COUNTS, "10¹⁸", None, with_usage(b'"prompt_tokens":7,"completion_tokens":1%b' % (b"0" * 18)),
          tokens=None, disbelieved=True, seen=LIE),
    Fault(COUNTS, "10³⁰", None, with_usage(b'"prompt_tokens":1%b,"completion_tokens":3' % (b"0" * 30)),
          tokens=None, disbelieved=True, seen=LIE),
    Fault(COUNTS, "more cached than there was input", None,
          with_usage(b'"prompt_tokens":7,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":8}'),
          tokens=None, disbelieved=True, seen=LIE),
    Fault(COUNTS, "a running count that goes back", None,
          answers(*(_event(b'{"choices":[{"delta":{"content":"x"}}],"usage":{"completion_tokens":%d}}' % count)
                    for count in (5, 9, 2, 9)), FINISH + DONE, pause_s=0.02),
          tokens=None, disbelieved=True, seen=LIE),
    Fault(COUNTS, "a running count of 10¹⁸", None,
          answers(*(_event(b'{"choices":[{"delta":{"content":"x"}}],"usage":{"completion_tokens":%d}}' % count)
                    for count in (1, 10**18)), FINISH + DONE, pause_s=0.02), tokens=None, disbelieved=True, seen=LIE),
    Fault(COUNTS, "no number", MALFORMED, with_usage(b'"prompt_tokens":"7","completion_tokens":{}')),
)  # fmt: skip


def outcome(fault: Fault) -> str:
    """How a row's requests end, for a person."""
    return "finished" if fault.kind is None else f"`{fault.kind.value}`"


def table() -> str:
    """The matrix in Markdown, a table for each stage."""
    lines: list[str] = []
    for stage in dict.fromkeys(fault.stage for fault in MATRIX):
        lines += ["", f"### {stage}", "", "| fault | outcome | |", "|---|---|---|"]
        lines += [f"| {each.name} | {outcome(each)} | {each.seen} |" for each in MATRIX if each.stage == stage]
    return "\n".join(lines[1:]) + "\n"
