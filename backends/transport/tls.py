"""TLS over a socket that somebody else reads: bytes go through memory, so reads keep their stamps."""

import asyncio
import os
import socket
import ssl
from typing import Final

import httpx

INSECURE: Final = "INFERTOP_INSECURE"
"""Environment variable: "1" takes any certificate, in this process and those it starts on this machine."""

_RECORD_BYTES = 16 << 10


def unchecked() -> bool:
    """Whether certificates are not checked, because a person said so."""
    return os.environ.get(INSECURE) == "1"


def trust(given: ssl.SSLContext | None) -> ssl.SSLContext:
    """The context given, or one that verifies against certifi or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name.

    Where certificates are `unchecked`, one that takes any.

    Raises:
        httpx.ConnectError: the certificates cannot be loaded.
    """
    try:
        context = given or httpx.create_ssl_context()
    except OSError as error:
        cause = ssl.SSLError(error.strerror)
        raise httpx.ConnectError(f"cannot load the certificates to trust: {error.strerror}") from cause
    if given is None and unchecked():
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


class Tls:
    """The client's side of one TLS connection.

    Args:
        context: trust and versions.
        host: the name or address the certificate must be for, and SNI.
    """

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._session = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)

    async def handshake(self, sock: socket.socket) -> None:
        """Agree on keys.

        Raises:
            ssl.SSLError: the certificate or the protocol is not acceptable, or the peer hung up.
            OSError: the connection was lost.
        """
        loop = asyncio.get_running_loop()
        while True:
            try:
                self._session.do_handshake()
            except ssl.SSLWantReadError:
                await loop.sock_sendall(sock, self._outgoing.read())
            else:
                await loop.sock_sendall(sock, self._outgoing.read())
                return
            received = await loop.sock_recv(sock, _RECORD_BYTES)
            if not received:
                raise ssl.SSLEOFError("the peer closed the connection during the TLS handshake")
            self._incoming.write(received)

    def encrypt(self, plain: bytes) -> bytes:
        """The records that carry `plain`."""
        self._session.write(plain)
        return self._outgoing.read()

    def decrypt(self, records: memoryview) -> tuple[bytes, bool]:
        """What `records` hold, and whether the peer ended the stream.

        What the protocol itself wants to answer goes out with the next request, as RFC 8446 section 4.6.3 asks.

        Raises:
            ssl.SSLError: the records make no sense.
        """
        self._incoming.write(records)
        pieces: list[bytes] = []
        ended = False
        try:
            # A read that finds nothing costs more than one that finds something, so do not ask once too often.
            while not pieces or self._incoming.pending:
                piece = self._session.read(_RECORD_BYTES)
                if not piece:
                    ended = True
                    break
                pieces.append(piece)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            ended = True
        return pieces[0] if len(pieces) == 1 else b"".join(pieces), ended
