"""What is fuzzed: functions of bytes that raise when something is not as it must be.

Splitters are compared with the slow and obvious way to do the same, at every cut: whole, a byte at a time, and in two
at each place (of long inputs, at some).
"""

import asyncio
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from infertop.backends.adapters.ndjson import LineSplitter
from infertop.backends.adapters.openai_stream import ChatStream
from infertop.backends.adapters.sse import SseSplitter
from infertop.backends.aws_event_stream import EventStreamSplitter
from infertop.backends.observe.prometheus import samples
from infertop.backends.observe.readings import SourceError
from infertop.backends.observe.server_metrics import NAMES, recognise
from infertop.backends.transport.exchange import Exchange
from infertop.backends.transport.timeouts import Timeouts
from infertop.engine.channel import Channel
from infertop.engine.frame import FrameVersionError, decode
from infertop.profiles.load import parse
from infertop.profiles.problems import ProfileError
from infertop.profiles.schema import to_plan
from infertop.sessions.imports.read import read_results
from infertop.sessions.imports.result import ForeignError
from infertop.sessions.journal.checks import UnlikelyError, check
from infertop.sessions.summary import document, to_json

_SHORT = 64
"""Up to here an input is cut at every place."""


def cuts(data: bytes) -> Iterator[list[bytes]]:
    """Ways to receive `data`: a byte at a time, and in two."""
    yield [data[at : at + 1] for at in range(len(data))]
    for at in range(1, len(data), max(1, len(data) // _SHORT)):
        yield [data[:at], data[at:]]


def alike(data: bytes, receive: Callable[[list[bytes]], Any], expected: Any) -> None:
    """Receiving `data` gives what is expected, however it is cut."""
    for pieces in ([data], *cuts(data)):
        found = receive(pieces)
        assert found == expected, f"{found!r} of {pieces[:4]!r}…, expected {expected!r}"


def fed(make: Callable[[], Any]) -> Callable[[list[bytes]], list[Any]]:
    """What comes out of a splitter."""

    def receive(pieces: list[bytes]) -> list[Any]:
        splitter = make()
        return [part for piece in pieces for part in splitter.feed(piece)]

    return receive


def sse(data: bytes) -> None:
    """Server-sent events, by the letter of the WHATWG grammar: one line after the other."""
    events, lines = [], []
    *whole, _ = re.split(rb"\r\n|\n|\r", data.removeprefix(b"\xef\xbb\xbf"))
    for line in whole:
        if line:
            name, _, value = line.partition(b":")
            lines += [value.removeprefix(b" ")] if name == b"data" else []
        elif lines:
            events.append(b"\n".join(lines))
            lines = []
    alike(data, fed(SseSplitter), events)


def ndjson(data: bytes) -> None:
    """Lines, of which blank ones do not count."""
    alike(data, fed(LineSplitter), [line for line in data.split(b"\n")[:-1] if line.strip()])


def chat(data: bytes) -> None:
    """A chat stream with its short cut past the JSON parser, against one that never takes it."""

    def receive(pieces: list[bytes]) -> tuple[object, ...]:
        stream = ChatStream()
        texts, reasoning, tools, chunks = "", "", "", 0
        for at, piece in enumerate(pieces):
            if stream.done or stream.failure is not None:
                break
            arrival = stream.arrival(at, piece)
            if arrival is not None:
                texts += arrival.text
                reasoning += arrival.reasoning
                tools += arrival.tool_arguments
                chunks += arrival.chunks
        if stream.failure is not None:
            return stream.failure
        return texts, reasoning, tools, chunks, stream.finished, stream.done

    slow = receive([data[at : at + 1] for at in range(len(data))])
    alike(data, receive, slow)


def event_stream(data: bytes) -> None:
    """AWS event streams: the same messages, or the same damage, however they are cut."""

    def receive(pieces: list[bytes]) -> tuple[object, ...]:
        splitter = EventStreamSplitter()
        return [message for piece in pieces for message in splitter.feed(piece)], splitter.damage

    alike(data, receive, receive([data]))


def http(data: bytes) -> None:
    """A response's head and body: the same however it is cut, or an error."""
    alike(data, _response, _response([data]))


def _response(pieces: list[bytes]) -> tuple[object, ...]:
    exchange = Exchange(Timeouts(None, None, None, None, None), lambda _: None)
    for at, piece in enumerate(pieces):
        if exchange.complete or exchange._error is not None:
            break
        exchange.feed(piece, at, "user")
    body = b"".join(read for _, read in exchange._reads)
    failed = exchange._error is not None
    exchange.close()
    return (failed,) if failed else (exchange.answered, exchange.status, exchange.fields, body, exchange.complete)


def channel(data: bytes) -> None:
    """Messages between our own processes."""

    def receive(pieces: list[bytes]) -> list[tuple[bytes, bytes]]:
        got: list[tuple[bytes, bytes]] = []
        transport = _Transport()
        made = Channel(lambda kind, body: got.append((kind, body)), lambda: None)
        made.connection_made(transport)  # type: ignore[arg-type]  # what the channel needs of one
        for piece in pieces:
            if not transport.aborted:
                made.data_received(piece)
        return got

    alike(data, receive, receive([data[at : at + 1] for at in range(len(data))]))


class _Transport:
    aborted = False

    def set_write_buffer_limits(self, high: int) -> None: ...

    def abort(self) -> None:
        self.aborted = True


def sayable(*words: object) -> None:
    """What a person is told is one line, harmless to a terminal."""
    for each in words:
        assert str(each).isprintable(), repr(str(each))


def prometheus(data: bytes) -> None:
    """A page of metrics, or an error in words."""
    try:
        recognise(samples(data, NAMES))
    except SourceError as error:
        sayable(error)


def profile(data: bytes) -> None:
    """A profile, or what is wrong with it."""
    try:
        to_plan(parse(data.decode("utf-8", "replace"), "mine.toml", Path("/nowhere")), "mine")
    except ProfileError as error:
        sayable(*error.problems)


def frame(data: bytes) -> None:
    """A frame of a journal or an engine: refused, or it can be shown."""
    try:
        made = decode(data)
        check(made)
    except (FrameVersionError, msgspec.DecodeError, UnicodeDecodeError, UnlikelyError):
        return
    to_json(document(made))


def foreign(data: bytes) -> None:
    """Another tool's result: read, or refused in words."""
    with tempfile.TemporaryDirectory(dir=_MEMORY) as folder:
        file = Path(folder) / "result.json"
        file.write_bytes(data)
        try:
            assert read_results(file)
        except ForeignError as error:
            sayable(error)


_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None

TARGETS: dict[str, Callable[[bytes], None]] = {
    each.__name__: each
    for each in (sse, ndjson, chat, event_stream, http, channel, prometheus, profile, frame, foreign)
}


def in_a_loop(target: Callable[[bytes], None], inputs: Iterable[bytes]) -> None:
    """Call `target` with each, where an event loop runs: an exchange has a timer."""

    async def go() -> None:
        for data in inputs:
            target(data)

    asyncio.run(go())
