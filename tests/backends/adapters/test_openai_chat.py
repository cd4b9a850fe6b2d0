"""The adapter against a server that says exactly what each test wants: the request, the arrivals, every failure."""

import asyncio
import json
import socket
import ssl
import sys
import time

import pytest

from infertop.backends.adapters.openai_chat import OpenAiChat
from infertop.backends.adapters.registry import UnknownApiError, open_backend
from infertop.backends.base import Answer, Arrival, Message, Request, Usage
from infertop.backends.errors import UNREACHABLE, BackendError, ErrorKind

from ..raw_server import chunk, says, says_once

pytestmark = pytest.mark.usefixtures("no_leaks")

KEY = "sk-very-secret-0123456789"
ASK = Request(index=0, messages=(Message("system", "be brief"), Message("user", "hé?")), max_tokens=16, timeout_s=5.0)

SSE = (
    b"HTTP/1.1 200 OK\r\nserver: test/1\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
ROLE = b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n'
A = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
FINISH = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}\n\n'
DONE = b"data: [DONE]\n\n"


END = chunk(b"")


def document(body: bytes, status: bytes = b"200 OK", kind: bytes = b"application/json", fields: bytes = b"") -> bytes:
    head = b"HTTP/1.1 %b\r\ncontent-type: %b\r\n%bcontent-length: %d\r\n\r\n"
    return head % (status, kind, fields, len(body)) + body


async def arrivals_of(answer: Answer) -> list[Arrival]:
    arrivals: list[Arrival] = []
    await answer.deliver(arrivals.append)
    return arrivals


async def ask(url: str, request: Request = ASK, **kwargs):
    """(arrivals, answer) of one request."""
    backend = OpenAiChat(url=url, model="m", **kwargs)
    try:
        async with backend.send(request) as answer:
            return await arrivals_of(answer), answer
    finally:
        await backend.aclose()


async def failing(url: str, request: Request = ASK, **kwargs) -> BackendError:
    with pytest.raises(BackendError) as caught:
        await ask(url, request, **kwargs)
    assert caught.value.message
    assert caught.value.message == str(caught.value)
    return caught.value


class TestRequest:
    async def body(self, serve, request: Request = ASK, **kwargs) -> dict:
        async with serve(says(SSE, chunk(A + FINISH), END)) as server:
            await ask(server.url, request, **kwargs)
        head, body = server.requests[0]
        assert head.startswith("POST /v1/chat/completions HTTP/1.1\r\n")
        return json.loads(body)

    async def test_body(self, serve):
        assert await self.body(serve) == {
            "model": "m",
            "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hé?"}],
            "max_tokens": 16,
            "temperature": 0.0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }

    @pytest.mark.parametrize(
        ("server", "fields"),
        [
            ("vllm", {"ignore_eos": True, "min_tokens": 16}),
            ("sglang", {"ignore_eos": True, "min_tokens": 16}),
            ("tensorrt-llm", {"ignore_eos": True, "min_tokens": 16}),
            ("llama.cpp", {"ignore_eos": True}),
            ("tgi", {}),
            ("ollama", {}),
            ("", {}),
        ],
    )
    async def test_fixed_length_is_asked_of_those_that_understand(self, serve, server, fields):
        plain = await self.body(serve, server=server)
        fixed = await self.body(serve, Request(0, ASK.messages, 16, fixed_length=True), server=server)
        assert fixed == plain | fields

    @pytest.mark.parametrize("server", ["vllm", "sglang"])
    async def test_continuous_usage(self, serve, server):
        body = await self.body(serve, server=server)
        assert body["stream_options"] == {"include_usage": True, "continuous_usage_stats": True}

    async def test_fireworks_is_asked_for_its_timings(self, serve):
        assert (await self.body(serve, server="fireworks"))["perf_metrics_in_response"] is True

    async def test_openai_is_asked_to_leave_out_its_padding(self):
        backend = OpenAiChat(url="https://api.openai.com/v1", model="m")
        assert backend._body(ASK)["stream_options"] == {"include_usage": True, "include_obfuscation": False}
        await backend.aclose()

    async def test_extra_fields_come_last(self, serve):
        body = await self.body(serve, extra={"temperature": 0.7, "top_p": 0.9, "model": "n"})
        assert (body["temperature"], body["top_p"], body["model"]) == (0.7, 0.9, "n")

    @pytest.mark.parametrize("url", ["https://api.openai.com/v1", "https://api.groq.com/openai/v1"])
    async def test_hosted_apis_get_the_newer_name_and_nothing_unknown(self, url):
        backend = OpenAiChat(url=url, model="m")
        body = backend._body(Request(0, ASK.messages, 16, fixed_length=True))
        assert body["max_completion_tokens"] == 16
        assert not {"max_tokens", "ignore_eos", "min_tokens"} & set(body)
        assert not backend.can_fix_length
        await backend.aclose()

    async def test_headers(self, serve, monkeypatch):
        monkeypatch.setenv("SOME_KEY", KEY)
        async with serve(says(SSE, chunk(A + FINISH), END)) as server:
            await ask(server.url, key="env:SOME_KEY")
        head = server.requests[0][0].lower()
        assert f"authorization: bearer {KEY}\r\n" in head
        assert "accept-encoding: identity\r\n" in head
        assert "user-agent: infertop/" in head
        assert "content-type: application/json\r\n" in head

    async def test_prompt_that_is_no_unicode_is_an_error_of_ours(self, serve):
        async with serve(says(SSE)) as server:
            error = await failing(server.url, Request(0, (Message("user", "\ud800"),), 16))
        assert error.kind is ErrorKind.INTERNAL


class TestAnswer:
    async def test_arrivals_follow_the_reads(self, serve):
        async with serve(
            says(SSE, chunk(ROLE), chunk(A + A), chunk(FINISH + USAGE + DONE), END, pause_s=0.02)
        ) as server:
            before_ns = time.perf_counter_ns()
            arrivals, answer = await ask(server.url)
        assert [(each.chunks, each.text) for each in arrivals] == [(0, ""), (2, "aa"), (0, "")]
        assert arrivals[2].finish_reason == "stop"
        assert arrivals[2].usage == Usage(5, 2)
        stamps = [before_ns, answer.sent_ns, *(each.at_ns for each in arrivals), time.perf_counter_ns()]
        assert stamps == sorted(stamps)
        assert arrivals[1].at_ns - arrivals[0].at_ns > 10_000_000
        assert answer.connect_ns > 0
        assert answer.stamp == ("kernel" if sys.platform == "linux" else "user")
        assert answer.server == "test/1"

    async def test_a_byte_at_a_time(self, serve):
        stream = SSE + chunk(ROLE + A + A + FINISH + USAGE + DONE) + END
        async with serve(says(*[bytes([byte]) for byte in stream])) as server:
            arrivals, _ = await ask(server.url)
        assert "".join(each.text for each in arrivals) == "aa"
        assert sum(each.chunks for each in arrivals) == 2

    async def test_stamp_of_an_event_over_two_reads_is_that_of_the_read_that_completed_it(self, serve):
        async with serve(says(SSE, chunk(A[:20]), chunk(A[20:] + FINISH), END, pause_s=0.05)) as server:
            arrivals, answer = await ask(server.url)
        assert arrivals[0].at_ns - answer.sent_ns > 80_000_000

    async def test_missing_done_is_fine_after_a_finish_reason(self, serve):
        async with serve(says(SSE, chunk(A + FINISH), END)) as server:
            assert len((await ask(server.url))[0]) == 1

    @pytest.mark.parametrize("last", [FINISH, DONE])
    async def test_cut_after_the_answer_is_whole_is_fine(self, serve, last):
        async with serve(says_once(SSE, chunk(A + last))) as server:
            assert (await ask(server.url))[0][0].text == "a"

    async def test_connection_is_reused_and_survives_a_late_end(self, serve):
        async with serve(says(SSE, chunk(A + FINISH + DONE), END, pause_s=0.02)) as server:
            backend = OpenAiChat(url=server.url, model="m")
            for connects in (True, False, False):
                async with backend.send(ASK) as answer:
                    assert [each.text for each in await arrivals_of(answer)] == ["a"]
                    assert (answer.connect_ns > 0) is connects
            await backend.aclose()
        assert server.connections == 1

    async def test_server_that_never_ends_after_done_is_not_waited_for(self, serve):
        async with serve(says(SSE + chunk(A + FINISH + DONE), pause_s=10)) as server:
            started_s = time.perf_counter()
            assert len((await ask(server.url))[0]) == 1
            assert time.perf_counter() - started_s < 2

    async def test_whole_completion_instead_of_a_stream(self, serve):
        body = b'{"choices":[{"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":%b}'
        async with serve(says(document(body % b'{"prompt_tokens":5,"completion_tokens":2}'))) as server:
            [arrival], _ = await ask(server.url)
        assert (arrival.text, arrival.chunks, arrival.usage) == ("hello", 1, Usage(5, 2))

    async def test_leaving_early_closes_the_connection(self, serve):
        async def script(peer):
            await peer.request()
            await peer.send(SSE, chunk(A))
            await peer.gone()

        async with serve(script) as server:
            backend = OpenAiChat(url=server.url, model="m")
            with pytest.raises(ZeroDivisionError):
                async with backend.send(ASK) as answer:
                    await answer.deliver(lambda arrival: 1 / (arrival.text != "a"))
            await asyncio.wait_for(server.gone.wait(), 2)
            await backend.aclose()

    async def test_cancelling_closes_the_connection(self, serve):
        async def script(peer):
            await peer.request()
            await peer.send(SSE, chunk(A))
            await peer.gone()

        async with serve(script) as server:
            task = asyncio.create_task(ask(server.url))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(server.gone.wait(), 2)

    async def test_what_the_consumer_raises_is_not_touched(self, serve):
        async with serve(says(SSE, chunk(A), pause_s=5)) as server:
            backend = OpenAiChat(url=server.url, model="m")
            with pytest.raises(ZeroDivisionError):
                async with backend.send(ASK):
                    raise ZeroDivisionError
            await backend.aclose()


class TestBrokenAnswers:
    async def partial(self, serve, script, request: Request = ASK) -> tuple[str, BackendError]:
        """The text that arrived before the failure, and the failure."""
        texts: list[str] = []
        async with serve(script) as server:
            backend = OpenAiChat(url=server.url, model="m")
            with pytest.raises(BackendError) as caught:
                async with backend.send(request) as answer:
                    await answer.deliver(lambda arrival: texts.append(arrival.text))
            await backend.aclose()
        assert caught.value.sent_ns is not None
        return "".join(texts), caught.value

    @pytest.mark.parametrize("pieces", [[chunk(A)], [chunk(A), END], [chunk(A + b"data: {"), END]])
    async def test_cut(self, serve, pieces):
        text, error = await self.partial(serve, says_once(SSE, *pieces))
        assert (text, error.kind) == ("a", ErrorKind.CUT)

    async def test_reset(self, serve):
        async def script(peer):
            await peer.request()
            await peer.send(SSE, chunk(A), pause_s=0.02)
            peer.reset()

        text, error = await self.partial(serve, script)
        assert (text, error.kind) == ("a", ErrorKind.CUT)

    async def test_stall(self, serve):
        text, error = await self.partial(
            serve, says(SSE + chunk(A), pause_s=5), Request(0, ASK.messages, 1, timeout_s=0.2)
        )
        assert (text, error.kind) == ("a", ErrorKind.TIMEOUT)

    async def test_trickle(self, serve):
        script = says(SSE, *[chunk(A)] * 1000, pause_s=0.01)
        text, error = await self.partial(serve, script, Request(0, ASK.messages, 1, timeout_s=0.2))
        assert text.startswith("aaa")
        assert error.kind is ErrorKind.TIMEOUT

    async def test_in_band(self, serve):
        broken = chunk(A + b'data: {"error":{"message":"CUDA \\u001b[31mout of memory"}}\n\n')
        text, error = await self.partial(serve, says(SSE + broken, pause_s=5))
        assert (text, error.kind, error.message) == ("a", ErrorKind.IN_BAND, "CUDA \ufffd[31mout of memory")

    async def test_in_band_string_and_nothing_else(self, serve):
        _, error = await self.partial(serve, says(SSE, chunk(b'data: {"error": "max_tokens is 0"}\n\n'), END))
        assert (error.kind, error.message) == (ErrorKind.IN_BAND, "max_tokens is 0")

    async def test_malformed(self, serve):
        text, error = await self.partial(serve, says(SSE, chunk(A + b"data: <oops>\n\n"), END))
        assert (text, error.kind) == ("a", ErrorKind.MALFORMED)
        assert "<oops>" in error.message

    async def test_endless_event(self, serve):
        async def script(peer):
            await peer.request()
            await peer.send(SSE, chunk(A + b"data: "))
            while True:
                await peer.send(chunk(b"x" * 65536))

        text, error = await self.partial(serve, script)
        assert (text, error.kind) == ("a", ErrorKind.MALFORMED)

    async def test_bad_chunked_coding(self, serve):
        text, error = await self.partial(serve, says(SSE, chunk(A), b"zz\r\n", pause_s=0.02))
        assert (text, error.kind) == ("a", ErrorKind.MALFORMED)

    @pytest.mark.parametrize(
        ("answer", "kind", "says_so"),
        [
            (document(b'{"error":{"message":"no such model"}}'), ErrorKind.IN_BAND, "no such model"),
            (document(b'{"detail": 1}'), ErrorKind.MALFORMED, "no completion"),
            (document(b"{"), ErrorKind.MALFORMED, "truncated"),
            (document(b""), ErrorKind.MALFORMED, ""),
            (document(b"<html>hi</html>", kind=b"text/html"), ErrorKind.MALFORMED, "text/html"),
            (
                document(b"\x1f\x8b...", kind=b"text/event-stream", fields=b"content-encoding: gzip\r\n"),
                ErrorKind.MALFORMED,
                "gzip",
            ),
        ],
    )
    async def test_not_a_stream(self, serve, answer, kind, says_so):
        _, error = await self.partial(serve, says(answer))
        assert error.kind is kind
        assert says_so in error.message


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "body", "kind", "message"),
        [
            (b"400 Bad Request", b'{"error":{"message":"too long","code":400}}', ErrorKind.CLIENT, "too long"),
            (b"401 Unauthorized", b'{"error":"no key"}', ErrorKind.CLIENT, "no key"),
            (b"404 Not Found", b"", ErrorKind.CLIENT, "HTTP 404 Not Found"),
            (b"422 Unprocessable", b'{"detail":[{"loc":["body"],"msg":"bad field"}]}', ErrorKind.CLIENT, "bad field"),
            (b"500 Oops", b"Internal Server Error", ErrorKind.SERVER, "Internal Server Error"),
            (b"502 Bad Gateway", b"<html><title>502 Bad</title></html>", ErrorKind.SERVER, "502 Bad"),
            (
                b"503 Busy",
                b'{"message":"\x1b]0;pwned\x07overloaded"}',
                ErrorKind.SERVER,
                "\ufffd]0;pwned\ufffdoverloaded",
            ),
            (b"529 Odd", b"", ErrorKind.SERVER, "HTTP 529"),
            (b"429 Slow Down", b'{"error":{"message":"slow down"}}', ErrorKind.RATE_LIMIT, "slow down"),
        ],
    )
    async def test_status(self, serve, status, body, kind, message):
        # json forbids raw control characters, so the escape goes the way a server would send it
        body = body.replace(b"\x1b", b"\\u001b").replace(b"\x07", b"\\u0007")
        async with serve(says(document(body, status))) as server:
            error = await failing(server.url)
        assert (error.kind, error.message, error.status) == (kind, message, int(status[:3]))
        assert error.sent_ns is not None

    async def test_redirect_is_not_followed(self, serve):
        fields = b"Location: http://127.0.0.1:1/elsewhere\r\n"
        async with serve(says(document(b"", b"302 Found", fields=fields))) as server:
            error = await failing(server.url)
        assert (error.kind, error.status) == (ErrorKind.REDIRECT, 302)
        assert "http://127.0.0.1:1/elsewhere" in error.message
        assert len(server.requests) == 1

    @pytest.mark.parametrize(("field", "low", "high"), [(b"7", 7, 7), (b"1.5", 1.5, 1.5), (b"date", 25, 31)])
    async def test_retry_after(self, serve, field, low, high):
        if field == b"date":
            field = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 30)).encode()
        async with serve(says(document(b"{}", b"429 Slow", fields=b"Retry-After: %b\r\n" % field))) as server:
            error = await failing(server.url)
        assert error.kind is ErrorKind.RATE_LIMIT
        assert low <= error.retry_after_s <= high

    @pytest.mark.parametrize("field", [b"soon", b"", b"-5"])
    async def test_retry_after_that_says_nothing(self, serve, field):
        async with serve(says(document(b"{}", b"429 Slow", fields=b"Retry-After: %b\r\n" % field))) as server:
            assert (await failing(server.url)).retry_after_s is None

    async def test_long_words_are_shortened_and_endless_ones_not_read(self, serve):
        async def script(peer):
            await peer.request()
            await peer.send(b"HTTP/1.1 500 Oops\r\n\r\n")
            while True:
                await peer.send(b"x" * 65536)

        async with serve(script) as server:
            error = await failing(server.url)
        assert error.kind is ErrorKind.SERVER
        assert len(error.message) == 200

    async def test_body_that_never_comes_is_not_waited_for(self, serve):
        head = b"HTTP/1.1 500 Oops\r\ncontent-length: 100\r\n\r\nhalf a w"
        async with serve(says(head, pause_s=10)) as server:
            started_s = time.perf_counter()
            assert (await failing(server.url)).message == "half a w"
            assert time.perf_counter() - started_s < 3


class TestUnreachable:
    async def test_refused(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        error = await failing(f"127.0.0.1:{port}")
        assert error.kind is ErrorKind.CONNECT
        assert f"127.0.0.1:{port}" in error.message
        assert error.sent_ns is None

    async def test_no_such_name(self):
        assert (await failing("http://no-such-host.invalid")).kind is ErrorKind.DNS

    async def test_tls(self, serve, server_tls):
        async with serve(says(b""), tls=server_tls) as server:
            error = await failing(server.url)
        assert error.kind is ErrorKind.TLS
        assert error.kind in UNREACHABLE

    async def test_tls_trusting_the_certificate_that_the_environment_names(
        self, serve, server_tls, certificate, monkeypatch
    ):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert ssl.get_default_verify_paths().cafile == str(certificate)
        async with serve(says(SSE, chunk(A + FINISH), END), tls=server_tls) as server:
            assert (await ask(server.url))[0][0].text == "a"

    async def test_certificates_that_cannot_be_loaded(self, monkeypatch):
        monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file")
        error = await failing("https://127.0.0.1:1")
        assert error.kind is ErrorKind.TLS
        assert "certificates" in error.message

    async def test_hanging_up_without_an_answer(self, serve):
        async with serve(says_once()) as server:
            error = await failing(server.url)
        assert error.kind is ErrorKind.CUT
        assert error.sent_ns is not None
        assert len(server.requests) == 1

    async def test_silence(self, serve):
        async with serve(says(b"", pause_s=5)) as server:
            error = await failing(server.url, Request(0, ASK.messages, 1, timeout_s=0.1))
        assert error.kind is ErrorKind.TIMEOUT
        assert error.sent_ns is not None

    async def test_not_http(self, serve):
        async with serve(says(b"220 mail.example ESMTP\r\n", pause_s=5)) as server:
            assert (await failing(server.url)).kind is ErrorKind.MALFORMED


async def test_a_key_is_shown_by_no_error_and_no_repr(serve, monkeypatch):
    monkeypatch.setenv("SOME_KEY", KEY)
    answers = [
        document(b'{"error":{"message":"Incorrect API key provided: %b"}}' % KEY.encode(), b"401 No"),
        SSE + chunk(b'data: {"error": "bad key %b"}\n\n' % KEY.encode()) + END,
        SSE + chunk(b"data: not json %b\n\n" % KEY.encode()) + END,
        SSE + chunk(b"data: %b %b\n\n" % (b"x" * 120, KEY.encode())) + END,
        document(b"<%b>" % (b"p" * 4085) + KEY.encode(), b"500 Oops", kind=b"text/html"),
        document(b"", b"302 Found", fields=b"Location: http://x/?key=%b\r\n" % KEY.encode()),
    ]
    for answer in answers:
        async with serve(says(answer)) as server:
            error = await failing(server.url, key="env:SOME_KEY")
        assert "[key]" in error.message
        assert KEY[:6] not in repr(error)
    backend = OpenAiChat(url="http://127.0.0.1:1", model="m", key="env:SOME_KEY")
    assert KEY not in repr(vars(backend))
    assert KEY not in repr(backend._headers)
    await backend.aclose()


class TestRegistry:
    async def test_opens_by_name(self, serve):
        async with serve(says(SSE, chunk(A + FINISH), END)) as server:
            backend = open_backend("openai-chat", url=server.url, model="m", extra={"seed": 1})
            async with backend.send(ASK) as answer:
                assert [each.text for each in await arrivals_of(answer)] == ["a"]
            await backend.aclose()
        assert json.loads(server.requests[0][1])["seed"] == 1

    def test_unknown_name_suggests_the_nearest(self):
        with pytest.raises(UnknownApiError, match="did you mean 'openai-chat'"):
            open_backend("openai_chat", url="http://x", model="m")
        with pytest.raises(UnknownApiError, match="known: openai-chat"):
            open_backend("grpc", url="http://x", model="m")
