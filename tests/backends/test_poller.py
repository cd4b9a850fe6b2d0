"""The watch over a transport's sockets, on both event loops."""

import asyncio
import select
import socket
from collections.abc import Callable, Iterator

import pytest

from infertop.backends.transport.poller import Poller

pytestmark = [
    pytest.mark.usefixtures("no_leaks"),
    pytest.mark.skipif(not hasattr(select, "epoll"), reason="needs epoll"),
]

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request):
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
def pairs() -> Iterator[Callable[[int], list[Pair]]]:
    made: list[socket.socket] = []

    def make(count: int) -> list[Pair]:
        some = [socket.socketpair() for _ in range(count)]
        made.extend(end for pair in some for end in pair)
        return some

    yield make
    for end in made:
        end.close()


async def test_the_loop_serves_every_socket_that_is_ready(pairs):
    poller, seen = Poller(), []
    some = pairs(3)
    for ours, theirs in some:
        poller.watch(ours, lambda ours=ours: seen.append(ours.recv(8)))
        theirs.send(b"%d" % len(seen))
    await asyncio.sleep(0.02)
    assert len(seen) == 3
    for ours, _ in some:
        poller.unwatch(ours)


async def test_poll_serves_without_a_turn_of_the_loop(pairs):
    poller, seen = Poller(), []
    ((ours, theirs),) = pairs(1)
    poller.watch(ours, lambda: seen.append(ours.recv(8)))
    poller.poll()
    assert seen == []
    theirs.send(b"x")
    poller.poll()
    assert seen == [b"x"]
    poller.unwatch(ours)


async def test_a_socket_that_another_callback_closed_is_left_alone(pairs):
    poller, called = Poller(), []
    some = [ours for ours, _ in pairs(2)]

    def close_both() -> None:
        called.append(1)
        for ours in some:
            poller.unwatch(ours)
            ours.close()

    for ours in some:
        poller.watch(ours, close_both)
    for ours in some:
        ours.shutdown(socket.SHUT_RD)
    poller.poll()
    assert called == [1]


async def test_it_can_be_used_again_after_its_last_socket_has_gone(pairs):
    poller, seen = Poller(), []
    ((ours, theirs),) = pairs(1)
    for _ in range(2):
        poller.watch(ours, lambda: seen.append(ours.recv(8)))
        theirs.send(b"x")
        await asyncio.sleep(0.02)
        poller.unwatch(ours)
    assert seen == [b"x", b"x"]
    theirs.send(b"y")
    await asyncio.sleep(0.02)
    assert seen == [b"x", b"x"]
