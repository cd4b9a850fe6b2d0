"""Fixtures of the fault matrix: places to send requests to."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from pathlib import Path

import pytest

from .certificates import make_certificate, server_side
from .matrix import Fault
from .neighbours import RawServer, Script

Serve = Callable[..., AbstractAsyncContextManager[RawServer]]


@asynccontextmanager
async def _started(script: Script, *, port: int = 0, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    server = RawServer(script)
    listening = await asyncio.start_server(server.handle, "127.0.0.1", port, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    server.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.port}"
    try:
        yield server
    finally:
        listening.close()
        await server.stop()
        await listening.wait_closed()


@pytest.fixture
def serve() -> Serve:
    """Starts a `RawServer`, as a context manager, on a port of its own or on the one given."""
    return _started


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Certificates that must not be trusted, each for one reason."""
    folder = tmp_path_factory.mktemp("certificates")
    return {
        "expired": make_certificate(folder / "expired", names="IP:127.0.0.1", days=("20200101", "20200201")),
        "other host": make_certificate(folder / "other", names="DNS:other.example"),
        "self-signed": make_certificate(folder / "self", names="IP:127.0.0.1"),
    }


@pytest.fixture
def trusted(certificates: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The expired certificate and that for another host are signed by somebody who is trusted."""
    pem = tmp_path / "trusted.pem"
    pem.write_text("".join(certificates[name].read_text() for name in ("expired", "other host")))
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))


@pytest.fixture
def place(serve: Serve, request: pytest.FixtureRequest) -> Callable[[Fault], AbstractAsyncContextManager[str]]:
    """Where a fault is found, as a context manager of its URL."""

    @asynccontextmanager
    async def found(fault: Fault) -> AsyncIterator[str]:
        with ExitStack() as closing:
            if fault.where == "nobody":
                yield f"http://127.0.0.1:{closing.enter_context(_nobody())}"
            elif fault.where == "full":
                yield f"http://127.0.0.1:{closing.enter_context(_full())}"
            elif fault.where == "nameless":
                yield "http://no-such-host.invalid"
            elif fault.script is not None:
                async with serve(fault.script) as server:
                    yield server.url.replace("http:", "https:") if fault.where == "no tls" else server.url
            else:
                certificate = request.getfixturevalue("certificates")[fault.where]
                async with serve(_silent, tls=server_side(certificate)) as server:
                    yield server.url

    return found


async def _silent(peer: object) -> None:
    """Nobody gets through to it."""


class _nobody:  # noqa: N801 - used like a function
    """A port that refuses: bound, so that nobody else takes it, and not listening."""

    def __enter__(self) -> int:
        self._bound = socket.socket()
        self._bound.bind(("127.0.0.1", 0))
        return self._bound.getsockname()[1]

    def __exit__(self, *_: object) -> None:
        self._bound.close()


class _full:  # noqa: N801 - used like a function
    """A port that takes no further connection, so that connecting to it hangs."""

    def __enter__(self) -> int:
        self._sockets = [socket.create_server(("127.0.0.1", 0), backlog=0)]
        address = self._sockets[0].getsockname()
        for _ in range(4):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(address)
            self._sockets.append(waiting)
        return address[1]

    def __exit__(self, *_: object) -> None:
        for sock in self._sockets:
            sock.close()
