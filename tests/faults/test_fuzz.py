"""Every parser of bytes that others made, on bytes that are nearly right.

`pytest tests/faults/test_fuzz.py --hypothesis-profile=thorough` looks longer. What it found stands as `@example`.
"""

import json
import tempfile
from functools import cache
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infertop.backends.adapters.anthropic_wire import AnthropicStream
from infertop.backends.adapters.bedrock_wire import ConverseStream
from infertop.backends.adapters.gemini_wire import GeminiStream
from infertop.backends.adapters.ndjson import LineSplitter
from infertop.backends.adapters.ollama import OllamaStream
from infertop.backends.adapters.openai_stream import ChatStream
from infertop.backends.adapters.responses_wire import ResponsesStream
from infertop.backends.adapters.sagemaker import EnvelopeStream
from infertop.backends.adapters.sglang import SglangStream
from infertop.backends.adapters.sse import EventTooLongError
from infertop.backends.adapters.tgi import TgiStream
from infertop.backends.adapters.triton import TritonStream
from infertop.backends.aws_event_stream import EventStreamSplitter
from infertop.backends.errors import BackendError, ErrorKind
from infertop.backends.observe.exporters import AMD, DCGM, FLEET, TRITON
from infertop.backends.observe.prometheus import samples
from infertop.backends.observe.readings import SourceError
from infertop.backends.observe.server_metrics import NAMES, recognise
from infertop.engine.channel import LONGEST, Channel
from infertop.engine.frame import BackendFrame, Frame, FrameVersionError, Timeline, decode, encode
from infertop.engine.histogram import Histogram, HistogramState
from infertop.engine.meter import Meter
from infertop.engine.plan import SloPlan
from infertop.engine.tally import Tally
from infertop.profiles.load import parse
from infertop.profiles.problems import ProfileError
from infertop.profiles.schema import to_plan
from infertop.sessions.imports.read import read_results
from infertop.sessions.imports.result import ForeignError
from infertop.sessions.imports.session import save
from infertop.sessions.journal.checks import UnlikelyError, check
from infertop.sessions.journal.reader import open_recording
from infertop.sessions.summary import document, to_json

from .damage import cut, damaged
from .neighbours import BACKENDS, framed

PLACES = st.lists(st.integers(0, 3000), max_size=6)


def wires(file: Path):
    """What reads a recorded stream."""
    first = file.stem.partition("_")[0]
    if first == "sagemaker":
        return lambda: EnvelopeStream(TgiStream() if "tgi" in file.stem else ChatStream())
    return {
        "chat": ChatStream,
        "completions": ChatStream,
        "anthropic": AnthropicStream,
        "bedrock": ConverseStream,
        "gemini": GeminiStream,
        "vertex": GeminiStream,
        "responses": ResponsesStream,
        "ollama": OllamaStream,
        "tgi": TgiStream,
        "sglang": SglangStream,
        "triton": TritonStream,
    }[first]


RECORDED = sorted(
    file
    for folder in ("streams", "self_hosted")
    for file in (BACKENDS / "adapters" / folder).iterdir()
    if file.suffix != ".md"
)


@cache
def recorded(file: Path) -> bytes:
    return file.read_bytes()


@st.composite
def streams(draw):
    """A recorded stream, damaged, in pieces, and what makes its wire."""
    file = draw(st.sampled_from(RECORDED))
    body = recorded(file)
    if file.suffix == ".bin" and draw(st.booleans()):  # inside its frames, which stay whole
        body = b"".join(
            framed(
                _headers(message.headers), draw(damaged(message.payload)) if draw(st.booleans()) else message.payload
            )
            for message in EventStreamSplitter().feed(body)
        )
    else:
        body = draw(damaged(body))
    return wires(file), cut(body, draw(PLACES))


def _headers(headers):
    return b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + len(value).to_bytes(2, "big") + value.encode()
        for name, value in headers.items()
    )


class _Sent:
    sent_ns, connect_ns, resent, stamp, server, limits = 1000, 0, False, "kernel", "", ()


def measured(wire, pieces):
    """What a wire makes of reads, as the engine does it: (tally, record of the request)."""
    tally = Tally(0)
    meter = Meter(tally, 0, 500, 40)
    meter.sent(_Sent())
    error = None
    try:
        for at, piece in enumerate(pieces):
            if wire.done or wire.failure is not None:
                break
            arrival = wire.arrival(2000 + at * 1_000_000, piece)
            if arrival is not None:
                meter.arrive(arrival)
    except EventTooLongError as endless:
        error = BackendError(ErrorKind.MALFORMED, str(endless))
    if wire.failure is not None:
        error = BackendError(*wire.failure)
    if error is None:
        meter.finish(SloPlan())
    else:
        meter.fail(error)
    return tally, meter.record(error, judged=False, backend="a", worker=0, workload="w", cost_usd=None)


@given(streams())
@example((ChatStream, [b'data: {"choices":[],"timings":{"prompt_ms":1%b}}\n\n' % (b"0" * 400)]))
@example((ChatStream, [b'data: {"choices":[{"delta":{"content":"\\ud800 x"}}]}\n\n']))
def test_any_stream_is_an_answer_or_an_error_and_its_figures_can_be_counted_with(stream):
    make, pieces = stream
    tally, record = measured(make(), pieces)
    msgspec.msgpack.decode(msgspec.msgpack.encode(record))
    assert tally.finished + tally.failed == 1
    counts = (getattr(tally, name) for name in vars(tally) if not name.startswith("_"))
    assert all(0 <= count < 1 << 62 for count in counts if isinstance(count, int))
    assert tally.timeline.total >= -1e-6
    for histogram in (*tally.histograms.values(), *tally.vendor.values()):
        assert Histogram.of(histogram.state()).state() == histogram.state()


@given(
    st.lists(st.sampled_from([b'{"a":1}', b"\n", b"\r\n", b"\n\n", b" ", b"x", b"\xff", b'"\\n"']), max_size=20),
    PLACES,
)
def test_lines_are_the_same_however_they_are_cut(pieces, places):
    stream, splitter = b"".join(pieces), LineSplitter()
    whole = [line for line in stream.split(b"\n")[:-1] if line.strip()]
    assert [line for read in cut(stream, places) for line in splitter.feed(read)] == whole
    splitter = LineSplitter()
    assert [line for at in range(len(stream)) for line in splitter.feed(stream[at : at + 1])] == whole


FRAMES = [file for file in RECORDED if file.suffix == ".bin"]


@given(st.sampled_from(FRAMES).flatmap(lambda file: damaged(recorded(file))), PLACES)
def test_event_streams_are_the_same_however_they_are_cut_and_damaged(stream, places):
    whole = EventStreamSplitter()
    messages = whole.feed(stream)
    for pieces in (cut(stream, places), [stream[at : at + 1] for at in range(len(stream))]):
        splitter = EventStreamSplitter()
        assert [message for read in pieces for message in splitter.feed(read)] == messages
        assert splitter.damage == whole.damage


PAGES = sorted((BACKENDS / "observe" / "pages").iterdir())


@given(st.sampled_from(PAGES).flatmap(lambda file: damaged(recorded(file))))
@example(b"tgi_queue_size 1%b\n" % (b"0" * 400))
def test_a_damaged_page_of_metrics_is_a_page_or_an_error(page):
    for names in (NAMES, DCGM.names, AMD.names, FLEET.names, TRITON.names):
        try:
            found = samples(page, names)
        except SourceError:
            continue
        json.dumps(msgspec.msgpack.decode(msgspec.msgpack.encode([each.value for each in found])), allow_nan=False)
        if names is NAMES:
            recognise(found)


PROFILES = sorted((Path(__file__).parents[2] / "profiles" / "builtin").glob("*.toml"))


@given(st.sampled_from(PROFILES).flatmap(lambda file: damaged(recorded(file))))
def test_a_damaged_profile_is_a_profile_or_says_what_is_wrong(data):
    text = data.decode("utf-8", "replace")
    problems = ()
    try:
        msgspec.msgpack.encode(to_plan(parse(text, "mine.toml", Path("/nowhere")), "mine"))
    except ProfileError as error:
        problems = error.problems
    assert all(str(problem).isprintable() for problem in problems)


IMPORTS = Path(__file__).parents[1] / "sessions" / "imports"
FOREIGN = [
    *sorted(IMPORTS.glob("*.json")),
    *sorted(IMPORTS.glob("aiperf/*")),
    *sorted(IMPORTS.glob("aiperf-statistics/*")),
]


@given(st.sampled_from(FOREIGN).flatmap(lambda file: st.tuples(st.just(file.name), damaged(recorded(file)))))
@example(("vllm.json", b"[" * 100_000))
@example(("vllm.json", b'{"duration": NaN, "completed": 1}'))
def test_a_damaged_result_of_another_tool_is_a_session_or_refused(foreign):
    name, data = foreign
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(data)
        try:
            results = read_results(file)
        except ForeignError as error:
            words = str(error)
        else:
            words = ""
            for each in results:
                path, _ = save(each, name, Path(folder))
                with open_recording(path) as recording:
                    check(recording.last_frame())
                    assert recording.count_requests() == len(each.requests)
    assert words.isprintable() or not words


def _histogram():
    made = Histogram()
    made.extend(range(10**5, 10**8, 10**6))
    return made.state()


GOOD_FRAME = encode(
    Frame(
        phase="running",
        at_ns=10**9,
        backends=(
            BackendFrame(name="a", scheduled=5, finished=4, failed=1, errors={"timeout": 1},
                         histograms={"ttft": _histogram()}, timeline=Timeline(first_slot=2, tokens=(1.0, 2.5))),
            BackendFrame(name="b", url="http://x", arriving_tokens=7.5),
        ),
    )
)  # fmt: skip


@given(damaged(GOOD_FRAME, most=8))
def test_a_damaged_frame_is_refused_or_can_be_shown(data):
    try:
        frame = decode(data)
        check(frame)
    except (FrameVersionError, msgspec.DecodeError, UnicodeDecodeError, UnlikelyError):
        return
    assert json.loads(to_json(document(frame)))["backends"] is not None


@given(st.binary(max_size=40), st.binary(max_size=40), st.integers(0, 3), st.integers(-2, 2))
def test_a_damaged_histogram_is_refused_or_counts(index, count, under, over):
    state = HistogramState(index, count, under, over)
    try:
        made = Histogram.of(state)
    except ValueError:
        return
    assert made.state().under == under


class _Transport:
    aborted = False

    def set_write_buffer_limits(self, high):
        pass

    def abort(self):
        self.aborted = True


@given(st.lists(st.tuples(st.sampled_from([b"F", b"C", b"Q", b"\x00"]), st.binary(max_size=50)), max_size=6), PLACES)
def test_messages_between_processes_are_the_same_however_they_are_cut(messages, places):
    stream = b"".join(kind + len(body).to_bytes(4, "little") + body for kind, body in messages)
    for pieces in (cut(stream, places), [stream[at : at + 1] for at in range(len(stream))]):
        assert received(pieces) == (messages, False)


@given(st.binary(max_size=200), PLACES)
def test_no_bytes_break_the_channel(stream, places):
    whole, aborted = received([stream])
    came, also = received(cut(stream, places))
    assert (came[: len(whole)], also) == (whole, aborted)


@pytest.mark.parametrize("length", [LONGEST + 1, 0xFFFFFFFF])
def test_a_message_too_long_ends_the_channel(length):
    assert received([b"F" + length.to_bytes(4, "little")]) == ([], True)


def received(pieces):
    got, transport = [], _Transport()
    channel = _channel(got)
    channel.connection_made(transport)
    for piece in pieces:
        if not transport.aborted:
            channel.data_received(piece)
    return got, transport.aborted


def _channel(got):
    return Channel(lambda kind, body: got.append((kind, body)), lambda: None)
