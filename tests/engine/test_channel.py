"""The socket between engine and watcher: newest frame wins, nothing else is lost, nobody blocks."""

import asyncio
import socket

import pytest

from infertop.engine.channel import COMMAND, FRAME, LONGEST, MOMENT, Channel


class End:
    def __init__(self):
        self.messages = []
        self.lost = asyncio.Event()
        self.channel = Channel(lambda kind, body: self.messages.append((kind, body)), self.lost.set)

    async def attach(self, sock):
        sock.setblocking(False)
        await asyncio.get_running_loop().create_connection(lambda: self.channel, sock=sock)
        return self


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.fixture
async def ends():
    left, right = socket.socketpair()
    one, other = await End().attach(left), await End().attach(right)
    yield one, other
    one.channel.close()
    other.channel.close()
    await one.lost.wait()
    await other.lost.wait()


async def test_messages_arrive_whole_and_in_order(ends):
    one, other = ends
    for number in range(50):
        one.channel.send(COMMAND, bytes([number]) * number * 1000)
    await until(lambda: len(other.messages) == 50)
    assert [len(body) for _, body in other.messages] == [number * 1000 for number in range(50)]


async def test_frames_to_a_reader_that_sleeps_are_dropped_but_the_newest_and_commands_come():
    left, right = socket.socketpair()
    one = await End().attach(left)
    sent = 200
    for number in range(sent):  # the other end does not read: none of these calls may block
        one.channel.send(FRAME, number.to_bytes(4, "little") + bytes(100_000))
        if number % 50 == 0:
            one.channel.send(COMMAND, number.to_bytes(4, "little"))
    other = await End().attach(right)
    newest = (sent - 1).to_bytes(4, "little")
    await until(lambda: other.messages and other.messages[-1][1][:4] == newest)
    frames = [body for kind, body in other.messages if kind == FRAME]
    commands = [int.from_bytes(body, "little") for kind, body in other.messages if kind == COMMAND]
    assert len(frames) < 10
    assert commands == [0, 50, 100, 150]
    one.channel.close()
    await other.lost.wait()


async def test_each_end_learns_that_the_other_is_gone(ends):
    one, other = ends
    one.channel.close()
    async with asyncio.timeout(5):
        await other.lost.wait()


async def test_a_length_nobody_sends_closes_the_channel():
    left, right = socket.socketpair()
    one = await End().attach(left)
    right.sendall(b"F" + (LONGEST + 1).to_bytes(4, "little"))
    async with asyncio.timeout(5):
        await one.lost.wait()
    right.close()


async def test_flush_waits_for_the_reader_but_not_for_ever(ends):
    one, other = ends
    one.channel.send(COMMAND, bytes(5_000_000))
    await one.channel.flush(5)
    await until(lambda: other.messages)
    assert len(other.messages[0][1]) == 5_000_000


async def test_what_is_said_to_nobody_is_not_waited_for():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    lost = asyncio.Event()
    channel = Channel(lambda kind, body: None, lost.set)
    await asyncio.get_running_loop().create_connection(lambda: channel, sock=ours)
    theirs.close()
    await asyncio.wait_for(lost.wait(), 5)
    channel.send(FRAME, b"the last one")
    await asyncio.wait_for(channel.flush(30), 1)


async def test_moments_all_come_and_no_older_frame_after_them(ends):
    one, other = ends
    other.channel._transport.pause_reading()
    filler = bytes(1 << 20)
    for number in range(5):
        one.channel.send(FRAME, b"F%d" % number + filler)
        one.channel.send(MOMENT, b"M%d" % number + filler)
    assert one.channel.waiting > 2 << 20
    one.channel.send(FRAME, b"last")
    other.channel._transport.resume_reading()
    await until(lambda: other.messages and other.messages[-1][1] == b"last")
    seen = [body[:2].decode() for _, body in other.messages[:-1]]
    assert [name for name in seen if name[0] == "M"] == [f"M{number}" for number in range(5)]
    assert [int(name[1]) for name in seen] == sorted(int(name[1]) for name in seen)
    assert one.channel.waiting == 0
