"""The transport against a real server that says exactly what each test wants, on both event loops."""

import asyncio
import itertools
import os
import select
import socket
import ssl
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from infertop.backends.transport import DirectTransport, dial
from infertop.backends.transport.exchange import BUFFER_HIGH_BYTES, Exchange
from infertop.backends.transport.stamps import KernelClock
from infertop.backends.transport.timeouts import Timeouts

from .raw_server import chunk, says, says_once

pytestmark = pytest.mark.usefixtures("no_leaks")

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request):
    return "asyncio", {"use_uvloop": request.param}


END = chunk(b"")


@asynccontextmanager
async def client(**kwargs) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=DirectTransport(**kwargs), trust_env=False, timeout=5) as opened:
        yield opened
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert not [task for task in left if "backends/transport" in str(task)]


def asking(body: bytes = b"", **timeouts: float) -> dict:
    return {"content": body, "extensions": {"timeout": timeouts or {"total": 5.0}}}


async def reads_of(response: httpx.Response) -> list[tuple[int, bytes]]:
    return [read async for read in response.extensions["reads"]]


BODIES = {
    "chunked": HEAD + chunk(b"hello ") + chunk(b"world") + END,
    "chunked, extension and trailer": HEAD + b"b;x=y\r\nhello world\r\n0\r\nx-late: 1\r\n\r\n",
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
    "until close": b"HTTP/1.1 200 OK\r\n\r\nhello world",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\nhello world",
    "after interim responses": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
    + HEAD
    + chunk(b"hello world")
    + END,
}


@pytest.mark.parametrize("answer", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("pieces", ["one", "bytes", "halves"])
async def test_body_is_whole_however_it_is_framed_and_cut(serve, answer, pieces):
    cuts = {"one": [answer], "bytes": [bytes([byte]) for byte in answer], "halves": [answer[:60], answer[60:]]}
    async with serve(says_once(*cuts[pieces])) as server, client() as http:
        before_ns = time.perf_counter_ns()
        async with http.stream("POST", server.url, **asking(b"question")) as response:
            reads = await reads_of(response)
    assert response.status_code == 200
    assert "link" not in response.headers
    assert "x-late" not in response.headers
    assert b"".join(body for _, body in reads) == b"hello world"
    stamps = [response.extensions["sent_ns"], *(at_ns for at_ns, _ in reads), time.perf_counter_ns()]
    assert before_ns < stamps[0]
    assert stamps == sorted(stamps)
    assert server.requests[0][1] == b"question"


async def test_one_read_with_many_chunks_is_one_item(serve):
    async with (
        serve(says_once(HEAD + chunk(b"data: x\n\n") * 100 + END)) as server,
        client() as http,
        http.stream("GET", server.url) as response,
    ):
        reads = await reads_of(response)
    assert [body for _, body in reads] == [b"data: x\n\n" * 100]


class TestEach:
    """The pushed form of `reads`."""

    async def test_gives_what_waited_and_what_comes(self, serve):
        async with (
            serve(says(HEAD + chunk(b"a"), chunk(b"b"), chunk(b"c") + END, pause_s=0.03)) as server,
            client() as http,
            http.stream("GET", server.url) as response,
        ):
            await asyncio.sleep(0.01)
            seen: list[tuple[int, bytes]] = []
            await response.extensions["reads"].each(lambda at_ns, body: seen.append((at_ns, body)) or True)
        assert [body for _, body in seen] == [b"a", b"b", b"c"]
        assert [at_ns for at_ns, _ in seen] == sorted(at_ns for at_ns, _ in seen)

    async def test_stops_when_told_and_the_rest_can_still_be_had(self, serve):
        async with (
            serve(says(HEAD, chunk(b"a"), chunk(b"b"), chunk(b"c") + END, pause_s=0.02)) as server,
            client() as http,
            http.stream("GET", server.url) as response,
        ):
            reads = response.extensions["reads"]
            seen: list[bytes] = []
            await reads.each(lambda _, body: seen.append(body) or body != b"b")
            assert seen == [b"a", b"b"]
            assert [body async for _, body in reads] == [b"c"]

    @pytest.mark.parametrize("waits", [False, True])
    async def test_what_the_consumer_raises_comes_out_of_it(self, serve, waits):
        async with (
            serve(says(HEAD, chunk(b"a"), pause_s=0.03)) as server,
            client() as http,
            http.stream("GET", server.url) as response,
        ):
            await asyncio.sleep(0.06 if waits else 0)
            with pytest.raises(ZeroDivisionError):
                await response.extensions["reads"].each(lambda *_: 1 // 0)

    async def test_a_cut_comes_after_all_that_was_read(self, serve):
        async with (
            serve(says_once(HEAD, chunk(b"a"))) as server,
            client() as http,
            http.stream("GET", server.url) as response,
        ):
            seen: list[bytes] = []
            with pytest.raises(httpx.ReadError):
                await response.extensions["reads"].each(lambda _, body: seen.append(body) or True)
            assert seen == [b"a"]

    @pytest.mark.skipif(not hasattr(select, "epoll"), reason="needs epoll")
    async def test_a_burst_of_requests_does_not_keep_answers_waiting(self, serve):
        """A request that is being sent first serves what has come for others, without a turn of the loop."""
        async with (
            serve(says(HEAD, chunk(b"a"), pause_s=0.02)) as server,
            client() as http,
            http.stream("GET", server.url) as response,
        ):
            await asyncio.sleep(0.01)
            seen: list[bytes] = []
            delivery = response.extensions["reads"].each(lambda _, body: seen.append(body) or True)
            delivery.send(None)
            poller = http._transport._poller
            asyncio.get_running_loop().remove_reader(poller._epoll.fileno())
            await asyncio.sleep(0.05)  # the chunk is here, and nobody looks
            assert seen == []
            request = http._transport.handle_async_request(httpx.Request("GET", server.url))
            request.send(None)
            assert seen == [b"a"]
            request.close()
            delivery.close()


async def test_without_epoll_the_event_loop_watches_the_sockets(serve, monkeypatch):
    monkeypatch.delattr(select, "epoll", raising=False)
    async with serve(says(*BODIES["chunked"].partition(b"hello"), pause_s=0.01)) as server, client() as http:
        for _ in range(2):
            assert (await http.get(server.url)).text == "hello world"
    assert server.connections == 1


async def test_httpx_own_body_methods_work(serve):
    async with serve(says(BODIES["chunked"])) as server, client() as http:
        assert (await http.get(server.url)).text == "hello world"


class TestReuse:
    async def test_second_request_uses_the_connection_of_the_first(self, serve):
        async with serve(says(BODIES["chunked"])) as server, client() as http:
            first = await http.get(server.url)
            second = await http.get(server.url)
        assert server.connections == 1
        assert first.extensions["connect_ns"] > 0
        assert second.extensions["connect_ns"] == 0

    async def test_connection_close_is_honoured(self, serve):
        answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 2\r\n\r\nok"
        async with serve(says(answer)) as server, client() as http:
            for _ in range(3):
                assert (await http.get(server.url)).text == "ok"
        assert server.connections == 3

    async def test_idle_connection_that_the_server_closed_is_not_used(self, serve):
        async with serve(says_once(OK)) as server, client() as http:
            for _ in range(3):
                assert (await http.get(server.url)).text == "ok"
                await asyncio.sleep(0.02)
        assert server.connections == 3

    async def test_close_that_arrived_while_the_loop_was_busy_is_noticed_before_writing(self, serve):
        async def closes_late(peer):
            await peer.request()
            await peer.send(OK)
            await asyncio.sleep(0.01)

        async with serve(closes_late) as server, client() as http:
            await http.get(server.url)
            connection = http._transport._idle[("http", "127.0.0.1", server.port)][0]
            await asyncio.sleep(0.02)
            assert not connection.is_alive()

    @pytest.mark.parametrize("how", ["closed", "reset"])
    async def test_request_lost_to_a_closing_connection_is_sent_again_and_said_so(self, serve, how):
        async def closes_on_the_second_request(peer):
            await peer.request()
            await peer.send(OK)
            await peer.request()
            if how == "reset":
                peer.reset()

        async with serve(closes_on_the_second_request) as server, client() as http:
            first = await http.post(server.url, content=b"one")
            second = await http.post(server.url, content=b"two")
        assert (first.text, second.text) == ("ok", "ok")
        assert (first.extensions["resent"], second.extensions["resent"]) == (False, True)
        assert second.extensions["connect_ns"] > 0
        assert [body for _, body in server.requests] == [b"one", b"two", b"two"]

    async def test_request_on_a_new_connection_is_never_sent_again(self, serve):
        async def closes(peer):
            await peer.request()

        async with serve(closes) as server, client() as http:
            with pytest.raises(httpx.ReadError):
                await http.post(server.url, content=b"one")
        assert len(server.requests) == 1

    async def test_request_that_was_answered_in_part_is_never_sent_again(self, serve):
        async def breaks_off(peer):
            await peer.request()
            await peer.send(OK)
            await peer.request()
            await peer.send(b"HTTP/1.1 200")

        async with serve(breaks_off) as server, client() as http:
            await http.post(server.url, content=b"one")
            with pytest.raises(httpx.ReadError):
                await http.post(server.url, content=b"two")
        assert len(server.requests) == 2

    async def test_bytes_nobody_asked_for_end_the_connection(self, serve):
        async with (
            serve(says_once(OK + b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")) as server,
            client() as http,
        ):
            assert (await http.get(server.url)).text == "ok"
            assert (await http.get(server.url)).text == "ok"
        assert server.connections == 2

    async def test_answer_left_early_is_not_reused(self, serve):
        async def script(peer):
            await peer.request()
            await peer.send(HEAD, chunk(b"first"))
            await peer.gone()

        async with serve(script) as server, client() as http:
            async with http.stream("GET", server.url) as response:
                assert (await anext(response.extensions["reads"]))[1] == b"first"
            await asyncio.wait_for(server.gone.wait(), 2)
            assert not http._transport._open

    async def test_reading_a_response_that_was_closed_is_an_error_not_a_wait(self, serve):
        async with serve(says(HEAD + chunk(b"first"), pause_s=5)) as server, client() as http:
            async with http.stream("GET", server.url) as response:
                reads = response.extensions["reads"]
                await anext(reads)
            with pytest.raises(httpx.ReadError, match="was closed"):
                await anext(reads)

    async def test_requests_side_by_side_get_connections_of_their_own(self, serve):
        async with serve(says(BODIES["chunked"], pause_s=0.02)) as server, client() as http:
            answers = await asyncio.gather(*(http.get(server.url) for _ in range(20)))
        assert {answer.text for answer in answers} == {"hello world"}
        assert server.connections == 20

    async def test_connection_limit_makes_requests_wait_or_time_out(self, serve):
        async with serve(says(OK, pause_s=0.05)) as server, client(connection_limit=1) as http:
            await asyncio.gather(*(http.get(server.url) for _ in range(3)))
            assert server.connections == 1
            async with http.stream("GET", server.url):
                with pytest.raises(httpx.PoolTimeout):
                    await http.get(server.url, extensions={"timeout": {"pool": 0.05}})


class TestLostConnections:
    @pytest.mark.parametrize(
        "answer",
        [b"", b"HTTP/1.1 200", HEAD, HEAD + b"5\r\nhel", HEAD + chunk(b"hello"), OK[:-1]],
        ids=["nothing", "half a status", "no chunk", "half a chunk", "no last chunk", "short of its length"],
    )
    async def test_end_before_the_end_is_a_read_error(self, serve, answer):
        async with serve(says_once(answer)) as server, client() as http:
            with pytest.raises(httpx.ReadError, match="closed the connection"):
                await http.get(server.url)
        assert len(server.requests) == 1

    async def test_reset_is_a_read_error_after_what_came_before_it(self, serve):
        async def script(peer):
            await peer.request()
            await peer.send(HEAD, chunk(b"hello"), pause_s=0.02)
            peer.reset()

        async with serve(script) as server, client() as http, http.stream("GET", server.url) as response:
            reads = response.extensions["reads"]
            assert (await anext(reads))[1] == b"hello"
            with pytest.raises(httpx.ReadError, match="reset"):
                await anext(reads)

    async def test_answer_that_comes_before_the_server_hangs_up_on_a_long_request_is_kept(self, serve):
        async def script(peer):
            await peer.reader.readuntil(b"\r\n\r\n")
            await peer.send(b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig", pause_s=0.05)
            peer.writer.transport.abort()

        async with serve(script) as server, client() as http:
            with suppress(httpx.WriteError, httpx.ReadError):  # a reset may overtake the answer
                assert (await http.post(server.url, content=b"x" * (16 << 20))).status_code == 413
            assert not http._transport._open

    async def test_closing_the_client_ends_answers_that_are_under_way(self, serve):
        async with (
            serve(says(HEAD + chunk(b"hello"), pause_s=5)) as server,
            client() as http,
            http.stream("GET", server.url) as response,
        ):
            reads = response.extensions["reads"]
            await anext(reads)
            await http.aclose()
            with pytest.raises(httpx.ReadError, match="client was closed"):
                await anext(reads)


class TestNonsense:
    @pytest.mark.parametrize(
        "answer",
        [b"SSH-2.0-OpenSSH_9.9\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", HEAD + b"zz\r\n", b"\0" * 100],
    )
    async def test_what_is_not_http_is_a_protocol_error(self, serve, answer):
        async with serve(says(answer, pause_s=5)) as server, client() as http:
            with pytest.raises(httpx.RemoteProtocolError, match="not an HTTP response"):
                await http.get(server.url)

    @pytest.mark.parametrize(
        ("start", "again"),
        [
            (b"HTTP/1.1 200 OK\r\n", b"x-filler: %s\r\n" % (b"a" * 100)),
            (b"HTTP/1.1 200 OK\r\nx-endless: ", b"a" * 1000),
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
            (HEAD + chunk(b"x") + b"0\r\n", b"x-trailer: %s\r\n" % (b"a" * 100)),
        ],
        ids=["fields", "one field", "interim responses", "trailers"],
    )
    async def test_endless_header_is_cut_off(self, serve, start, again):
        async def script(peer):
            await peer.request()
            await peer.send(start)
            with suppress(ConnectionError):
                for _ in range(100_000):
                    await peer.send(again)

        async with serve(script) as server, client() as http:
            with pytest.raises(httpx.RemoteProtocolError, match="header fields"):
                await http.get(server.url)


class TestTimeouts:
    async def test_total_covers_a_stream_that_keeps_trickling(self, serve):
        async with serve(says_once(HEAD, *[chunk(b"x")] * 100, pause_s=0.02)) as server, client() as http:
            started_s = time.perf_counter()
            with pytest.raises(httpx.ReadTimeout):
                await http.post(server.url, **asking(total=0.2))
            assert 0.15 < time.perf_counter() - started_s < 1

    async def test_read_counts_from_the_last_bytes(self, serve):
        async with serve(says_once(HEAD, *[chunk(b"x")] * 10, END, pause_s=0.03)) as server, client() as http:
            assert (await http.post(server.url, **asking(read=0.2))).text == "x" * 10

    @pytest.mark.parametrize("answer", [b"", HEAD, HEAD + chunk(b"x")])
    @pytest.mark.parametrize("limit", ["read", "total"])
    async def test_stall_is_a_read_timeout(self, serve, answer, limit):
        async with serve(says(answer, pause_s=5)) as server, client() as http:
            with pytest.raises(httpx.ReadTimeout):
                await http.post(server.url, **asking(**{limit: 0.1}))
            assert not http._transport._open

    async def test_time_a_consumer_takes_is_not_the_servers(self, serve):
        async with (
            serve(says_once(HEAD + chunk(b"x"), chunk(b"y") + END, pause_s=0.05)) as server,
            client() as http,
            http.stream("POST", server.url, **asking(read=0.2)) as response,
        ):
            await asyncio.sleep(0.5)
            assert b"".join([body for _, body in await reads_of(response)]) == b"xy"

    async def test_connect_and_total_limit_connecting(self):
        with full_backlog() as port:
            async with client() as http:
                for limit in ("connect", "total"):
                    with pytest.raises(httpx.ConnectTimeout):
                        await http.post(f"http://127.0.0.1:{port}/", **asking(**{limit: 0.1}))

    async def test_write_is_limited_when_the_server_does_not_read(self, serve):
        async def script(peer):
            peer.writer.transport.pause_reading()
            await asyncio.sleep(5)

        async with serve(script) as server, client() as http:
            with pytest.raises(httpx.WriteTimeout):
                await http.post(server.url, **asking(b"x" * (32 << 20), write=0.1))


class full_backlog:  # noqa: N801 - used like a function
    """A port that takes no further connection, so that connecting to it hangs."""

    def __enter__(self) -> int:
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.queued = []
        for _ in range(4):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(self.listening.getsockname())
            self.queued.append(sock)
        return self.listening.getsockname()[1]

    def __exit__(self, *_: object) -> None:
        for sock in [self.listening, *self.queued]:
            sock.close()


class TestConnecting:
    async def test_refused(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        async with client() as http:
            with pytest.raises(httpx.ConnectError, match="refused") as caught:
                await http.get(f"http://127.0.0.1:{port}/")
        assert isinstance(caught.value.__cause__, ConnectionRefusedError)

    @pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".example"])
    async def test_unresolvable(self, host):
        async with client() as http:
            with pytest.raises(httpx.ConnectError, match="cannot resolve") as caught:
                await http.get(f"http://{host}/")
        assert isinstance(caught.value.__cause__, socket.gaierror | UnicodeError)

    async def test_name(self, serve):
        async with serve(says(OK)) as server, client() as http:
            assert (await http.get(f"http://localhost:{server.port}/")).text == "ok"

    async def test_ipv6(self, serve):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            pytest.skip("no IPv6 here")
        async with serve(says(OK), host="::1") as server, client() as http:
            assert (await http.get(server.url)).text == "ok"
        assert f"Host: [::1]:{server.port}" in server.requests[0][0]

    async def test_next_address_is_tried_when_one_refuses_or_hangs(self, serve):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            refusing = taken.getsockname()[1]
        with full_backlog() as hanging:
            async with serve(says(OK)) as server:
                ports = [hanging, refusing, server.port]
                started_s = time.perf_counter()
                sock = await dial._first_connected([(socket.AF_INET, ("127.0.0.1", port)) for port in ports])
                assert sock.getpeername()[1] == server.port
                assert 0.2 < time.perf_counter() - started_s < 1
                sock.close()
                await asyncio.sleep(0.01)

    async def test_of_two_that_connect_at_once_one_is_kept(self, monkeypatch):
        both = asyncio.Event()
        opened: list[socket.socket] = []

        async def connect(_: object) -> socket.socket:
            await both.wait()
            opened.append(socket.socket())
            return opened[-1]

        monkeypatch.setattr(dial, "_connect", connect)
        monkeypatch.setattr(dial, "ATTEMPT_DELAY_S", 0.01)
        task = asyncio.create_task(dial._first_connected([(socket.AF_INET, None)] * 2))
        await asyncio.sleep(0.05)
        both.set()
        kept = await task
        await asyncio.sleep(0)
        assert [sock.fileno() != -1 for sock in opened] == [sock is kept for sock in opened]
        kept.close()

    async def test_all_addresses_refusing_is_the_first_ones_error(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            await dial._first_connected([(socket.AF_INET, ("127.0.0.1", port))] * 3)

    async def test_other_schemes_are_refused(self):
        async with client() as http:
            with pytest.raises(httpx.UnsupportedProtocol):
                await http.get("ftp://127.0.0.1/")


class TestCancelling:
    @pytest.mark.parametrize("answer", [b"", HEAD, HEAD + chunk(b"x")], ids=["unanswered", "headers", "in the body"])
    async def test_closes_the_socket(self, serve, answer):
        async def script(peer):
            await peer.request()
            await peer.send(answer)
            await peer.gone()

        async with serve(script) as server, client() as http:
            task = asyncio.create_task(http.get(server.url))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(server.gone.wait(), 2)
            assert not http._transport._open

    async def test_while_connecting(self):
        with full_backlog() as port:
            async with client() as http:
                task = asyncio.create_task(http.get(f"http://127.0.0.1:{port}/"))
                await asyncio.sleep(0.05)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task


async def test_stamps_never_go_back():
    exchange = Exchange(Timeouts(None, None, None, None, None), pause=lambda _: None)
    later_ns = time.perf_counter_ns() + 1_000_000
    exchange.feed(HEAD + chunk(b"x"), later_ns, "kernel")
    exchange.feed(chunk(b"y"), later_ns - 500_000, "kernel")
    assert [await anext(exchange), await anext(exchange)] == [(later_ns, b"x"), (later_ns, b"y")]


async def test_slow_consumer_stops_the_reading(serve):
    total = 48 << 20
    sent = 0

    async def script(peer):
        nonlocal sent
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % total)
        while sent < total:
            await peer.send(b"x" * (64 << 10))
            sent += 64 << 10

    async with (
        serve(script) as server,
        client() as http,
        http.stream("POST", server.url, **asking(total=20.0)) as response,
    ):
        exchange = response.extensions["reads"]
        await asyncio.sleep(0.3)
        assert sent < total
        assert exchange._waiting_bytes < BUFFER_HIGH_BYTES + (64 << 10)
        received = 0
        async for _, body in exchange:
            received += len(body)
        assert received == total


async def test_long_request_is_sent_whole(serve):
    body = os.urandom(8 << 20)
    async with serve(says(OK)) as server, client() as http:
        await http.post(server.url, content=body)
    assert server.requests[0][1] == body


class TestTls:
    @pytest.fixture
    def trusting(self, certificate):
        return ssl.create_default_context(cafile=str(certificate))

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    async def test_streams_and_reuses(self, serve, server_tls, trusting, host):
        answer = [HEAD, chunk(b"hello "), chunk(b"world" * 20_000), END]
        async with (
            serve(says(*answer, pause_s=0.005), tls=server_tls) as server,
            client(ssl_context=trusting) as http,
        ):
            for connects in (True, False):
                async with http.stream("GET", f"https://{host}:{server.port}/") as response:
                    reads = await reads_of(response)
                assert b"".join(body for _, body in reads) == b"hello " + b"world" * 20_000
                assert (response.extensions["connect_ns"] > 0) is connects
                assert response.extensions["stamp"] == ("kernel" if sys.platform == "linux" else "user")
                stamps = [at_ns for at_ns, _ in reads]
                assert stamps == sorted(stamps)
        assert server.connections == 1

    async def test_verifies_by_default(self, serve, server_tls):
        async with serve(says(OK), tls=server_tls) as server, client() as http:
            with pytest.raises(httpx.ConnectError, match="self-signed") as caught:
                await http.get(server.url)
        assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
        assert server.requests == []

    async def test_certificate_must_be_for_the_host(self, serve, server_tls, trusting):
        async with serve(says(OK), tls=server_tls, host="127.0.0.2") as server, client(ssl_context=trusting) as http:
            with pytest.raises(httpx.ConnectError, match="not valid for") as caught:
                await http.get(server.url)
        assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)

    async def test_server_without_tls_or_hanging_up(self, serve, trusting):
        async def mute(peer):
            await peer.reader.read(100)

        async def plain(peer):
            await peer.reader.read(100)
            await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        for script in (mute, plain):
            async with serve(script) as server, client(ssl_context=trusting) as http:
                with pytest.raises(httpx.ConnectError, match="TLS with") as caught:
                    await http.get(f"https://127.0.0.1:{server.port}/")
            assert isinstance(caught.value.__cause__, ssl.SSLError)

    async def test_cut_and_cancelled(self, serve, server_tls, trusting):
        async with (
            serve(says_once(HEAD, chunk(b"x")), tls=server_tls) as server,
            client(ssl_context=trusting) as http,
        ):
            with pytest.raises(httpx.ReadError):
                await http.get(server.url)
            task = asyncio.create_task(http.get(server.url))
            await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises((asyncio.CancelledError, httpx.ReadError)):
                await task

    async def test_server_that_closes_an_idle_connection(self, serve, server_tls, trusting):
        async with serve(says_once(OK), tls=server_tls) as server, client(ssl_context=trusting) as http:
            for _ in range(2):
                assert (await http.get(server.url)).text == "ok"
                await asyncio.sleep(0.02)


@pytest.mark.skipif(sys.platform != "linux", reason="kernel receive stamps are Linux's")
class TestKernelStamps:
    async def test_tell_when_bytes_came_not_when_they_were_read(self):
        rounds = 10
        asked = threading.Semaphore(0)
        writes_ns: list[int] = []
        with socket.create_server(("127.0.0.1", 0)) as listening:

            def server() -> None:
                sock, _ = listening.accept()
                with sock:
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    sock.recv(65536)
                    sock.sendall(HEAD)
                    for _ in range(rounds):
                        asked.acquire()
                        writes_ns.append(time.perf_counter_ns())
                        sock.sendall(chunk(b"x"))
                    sock.sendall(END)

            thread = threading.Thread(target=server)
            thread.start()
            stamps_ns, read_ns = [], []
            url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
            async with client() as http, http.stream("GET", url) as response:
                for _ in range(rounds):
                    asked.release()
                    time.sleep(0.02)  # noqa: ASYNC251 - a loop too busy to read what comes meanwhile
                    stamps_ns.append((await anext(response.extensions["reads"]))[0])
                    read_ns.append(time.perf_counter_ns())
            thread.join()
        assert response.extensions["stamp"] == "kernel"
        late_ns = sorted(stamp - written for stamp, written in zip(stamps_ns, writes_ns, strict=True))
        assert late_ns[0] > -100_000
        assert late_ns[rounds // 2] < 2_000_000
        waited_ns = sorted(read - stamp for read, stamp in zip(read_ns, stamps_ns, strict=True))
        assert waited_ns[rounds // 2] > 15_000_000

    def test_clock_maps_now_to_now(self):
        clock = KernelClock()
        off_ns = []
        for _ in range(200):
            before_ns, wall_ns, after_ns = time.perf_counter_ns(), time.time_ns(), time.perf_counter_ns()
            off_ns.append(clock.mapped(wall_ns, after_ns) - (before_ns + after_ns) // 2)
        assert abs(sorted(off_ns)[100]) < 20_000

    def test_clock_is_never_ahead_and_follows_a_stepped_wall_clock(self, monkeypatch):
        step_ns = 0
        real_time_ns = time.time_ns
        monkeypatch.setattr(time, "time_ns", lambda: real_time_ns() + step_ns)
        clock = KernelClock(refresh_ns=1_000_000)
        clock.mapped(time.time_ns(), time.perf_counter_ns())
        for step_ns in (3_600_000_000_000, -3_600_000_000_000):  # noqa: B007 - the patched clock reads it
            now_ns = time.perf_counter_ns()
            assert clock.mapped(time.time_ns(), now_ns) <= now_ns
            time.sleep(0.002)
            now_ns = time.perf_counter_ns()
            assert abs(clock.mapped(time.time_ns(), now_ns) - now_ns) < 1_000_000


async def test_many_requests_leave_nothing_behind(serve):
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0

    DirectTransport()  # the first of a process leaves a socket behind on purpose
    async with serve(says(BODIES["chunked"])) as server:
        before = descriptors()
        async with client() as http:
            for _ in range(5):
                await asyncio.gather(*(http.get(server.url) for _ in range(20)))
            tasks = [asyncio.create_task(http.get(server.url)) for _ in range(20)]
            await asyncio.sleep(0)
            for task in itertools.islice(tasks, 0, None, 2):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.05)
        assert descriptors() <= before
