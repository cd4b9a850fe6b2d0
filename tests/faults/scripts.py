"""What servers say when something is wrong with them, for `raw_server`."""

import asyncio

from .neighbours import Peer, Script, chunk, says

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
FIRST = b'data: {"choices":[{"delta":{"content":"one"}}]}\n\n'
TEXT = b'data: {"choices":[{"delta":{"content":" more"}}]}\n\n'
FINISH = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
END = chunk(b"")


def usage(fields: bytes) -> bytes:
    """The event that closes an answer, with token counts as JSON fields."""
    return b'data: {"choices":[],"usage":{%b}}\n\n' % fields


USAGE = usage(b'"prompt_tokens":7,"completion_tokens":3')
STREAM = FIRST + TEXT + TEXT + FINISH + USAGE + DONE
WELL = says(HEAD, chunk(STREAM) + END)


def answers(*events: bytes, pause_s: float = 0.0) -> Script:
    """Answer every request with these events, each its own chunk of the body and its own write."""
    return says(HEAD, *(chunk(event) for event in events), END, pause_s=pause_s)


def with_usage(fields: bytes) -> Script:
    """Answer every request well, but for the token counts."""
    return answers(FIRST + TEXT + TEXT, FINISH + usage(fields) + DONE)


def document(status: bytes, body: bytes = b"", kind: bytes = b"application/json", fields: bytes = b"") -> Script:
    """Answer every request with a whole body."""
    head = b"HTTP/1.1 %b\r\ncontent-type: %b\r\n%bcontent-length: %d\r\n\r\n" % (status, kind, fields, len(body))
    return says(head + body)


def resets_after(*pieces: bytes, reading: bool = True) -> Script:
    """Say the pieces, then reset the connection; without `reading` the request first."""

    async def script(peer: Peer) -> None:
        if reading:
            await peer.request()
        else:
            await asyncio.sleep(0.2)  # any sooner, and it may be the connecting that fails
        await peer.send(*pieces, pause_s=0.02)
        peer.reset()

    return script


def stalls_after(*pieces: bytes) -> Script:
    """Say the pieces, then nothing more."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(*pieces)
        await peer.gone()

    return script


def repeats(start: bytes, again: bytes, pause_s: float = 0.0) -> Script:
    """Say `again` until the client hangs up."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(start)
        while True:
            await peer.send(again, pause_s=pause_s)

    return script


def byte_by_byte(answer: bytes) -> Script:
    """Send an answer a byte at a time."""

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(*(answer[at : at + 1] for at in range(len(answer))))

    return script


async def refuses_tls(peer: Peer) -> None:
    """What a server of plain HTTP says to whoever begins with TLS."""
    await peer.reader.read(1)
    await peer.send(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
    await peer.gone()
