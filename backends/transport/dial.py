"""From a host name to a connected socket: resolve, try the addresses, shake hands."""

import asyncio
import contextlib
import itertools
import os
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from .stamps import ask_for_kernel_stamps
from .timeouts import Timeouts
from .tls import Tls

ATTEMPT_DELAY_S = 0.25
"""How long an address may keep the next one waiting (RFC 8305 section 5)."""

_Address = tuple[socket.AddressFamily, Any]


@dataclass(frozen=True, slots=True)
class Dialled:
    """A connected socket, its TLS session if it has one, and how long TCP and TLS took (not the name)."""

    sock: socket.socket
    tls: Tls | None
    connect_ns: int


async def dial(host: str, port: int, context: ssl.SSLContext | None, timeouts: Timeouts) -> Dialled:
    """Connect to `host`, over TLS when there is a `context`.

    Raises:
        httpx.ConnectError: caused by `socket.gaierror` or `UnicodeError` (no such name), `ssl.SSLError` or
            another `OSError`.
        httpx.ConnectTimeout: not there in time.
    """
    limit_s = timeouts.within(timeouts.connect)
    try:
        async with asyncio.timeout(limit_s):
            return await _dial(host, port, context)
    except TimeoutError as error:
        raise httpx.ConnectTimeout(f"no connection to {host}:{port} in time") from error
    except (socket.gaierror, UnicodeError) as error:
        raise httpx.ConnectError(f"cannot resolve {host}: {_reason(error)}") from error
    except ssl.SSLError as error:
        raise httpx.ConnectError(f"TLS with {host}:{port} failed: {_reason(error)}") from error
    except OSError as error:
        raise httpx.ConnectError(f"cannot connect to {host}:{port}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return str(error.verify_message)
    if isinstance(error, OSError) and not isinstance(error, socket.gaierror | ssl.SSLError) and error.errno:
        return os.strerror(error.errno)  # asyncio puts "Connect call failed" in its place
    return str(getattr(error, "strerror", None) or error)


async def _dial(host: str, port: int, context: ssl.SSLContext | None) -> Dialled:
    addresses = await _resolve(host, port)
    started_ns = time.perf_counter_ns()
    sock = await _first_connected(addresses)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tls = None
        if context is not None:
            tls = Tls(context, host)
            await tls.handshake(sock)
    except BaseException:
        sock.close()
        raise
    return Dialled(sock, tls, time.perf_counter_ns() - started_ns)


async def _resolve(host: str, port: int) -> list[_Address]:
    """The addresses of `host`, families taking turns, beginning with the one the system prefers."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses: list[_Address] = [(family, address) for family, _, _, _, address in found]
    preferred = [each for each in addresses if each[0] == addresses[0][0]]
    others = [each for each in addresses if each[0] != addresses[0][0]]
    turns = itertools.chain.from_iterable(itertools.zip_longest(preferred, others))
    return [each for each in turns if each is not None]


async def _first_connected(addresses: Sequence[_Address]) -> socket.socket:
    """The first socket to connect; a further address is tried when one fails or takes its time."""
    if len(addresses) == 1:
        return await _connect(addresses[0])
    loop = asyncio.get_running_loop()
    left = list(reversed(addresses))
    attempts: list[asyncio.Task[socket.socket]] = []
    winner = None
    try:
        while winner is None:
            if left:
                attempts.append(loop.create_task(_connect(left.pop())))
            running = [attempt for attempt in attempts if not attempt.done()]
            if running:
                delay_s = ATTEMPT_DELAY_S if left else None
                await asyncio.wait(running, timeout=delay_s, return_when=asyncio.FIRST_COMPLETED)
            winner = next((each for each in attempts if each.done() and each.exception() is None), None)
            if winner is None and not left and all(each.done() for each in attempts):
                return attempts[0].result()
        return winner.result()
    finally:
        for attempt in attempts:
            if attempt is not winner:
                attempt.cancel()
                attempt.add_done_callback(_discard)


async def _connect(address: _Address) -> socket.socket:
    sock = socket.socket(address[0], socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        ask_for_kernel_stamps(sock)
        await asyncio.get_running_loop().sock_connect(sock, address[1])
    except BaseException:
        sock.close()
        raise
    return sock


def _discard(attempt: asyncio.Task[socket.socket]) -> None:
    """Close what a losing attempt may still have connected."""
    with contextlib.suppress(asyncio.CancelledError, OSError):
        attempt.result().close()
