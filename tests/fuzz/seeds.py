"""What fuzzing begins with: kept inputs, and originals that the tests have anyway."""

from collections.abc import Iterator
from pathlib import Path

from infertop.engine.frame import BackendFrame, Frame, Timeline, encode
from infertop.engine.histogram import Histogram

TESTS = Path(__file__).resolve().parents[1]
CORPUS = Path(__file__).resolve().parent / "corpus"

_FILES = {
    "sse": ("backends/adapters/*/*.sse",),
    "chat": ("backends/adapters/*/chat_*.sse",),
    "ndjson": ("backends/adapters/*/*.ndjson",),
    "event_stream": ("backends/adapters/*/*.bin",),
    "prometheus": ("backends/observe/pages/*",),
    "profile": ("../profiles/builtin/*.toml",),
    "foreign": ("sessions/imports/*.json", "sessions/imports/aiperf*/*"),
}
_LONGEST = 1 << 16


def seeds(target: str) -> Iterator[bytes]:
    """Inputs for `target`."""
    yield from kept(target)
    for pattern in _FILES.get(target, ()):
        for file in sorted(TESTS.glob(pattern)):
            yield file.read_bytes()[:_LONGEST]
    match target:
        case "http":
            yield b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            yield (
                b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"5;x=y\r\ndata:\r\n3\r\n x\n\r\n0\r\nTrailer: x\r\n\r\n"
            )
            yield b"HTTP/1.0 500 No\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
        case "channel":
            yield b"F\x03\x00\x00\x00abcC\x00\x00\x00\x00Q\x01\x00\x00\x00x"
        case "frame":
            yield encode(_frame())


def kept(target: str) -> list[bytes]:
    """The inputs in `corpus/`."""
    return [file.read_bytes() for file in sorted((CORPUS / target).glob("*"))]


def _frame() -> Frame:
    histogram = Histogram()
    histogram.extend(range(10**5, 10**8, 10**7))
    return Frame(
        phase="running",
        at_ns=10**9,
        backends=(
            BackendFrame(
                name="a", scheduled=5, finished=4, failed=1, errors={"timeout": 1},
                histograms={"ttft": histogram.state()}, timeline=Timeline(first_slot=2, tokens=(1.0, 2.5)),
            ),
        ),
    )  # fmt: skip
