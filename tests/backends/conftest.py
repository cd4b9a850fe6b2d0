"""Fixtures for tests over real sockets."""

import asyncio
import gc
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from .raw_server import RawServer, Script

Serve = Callable[..., AbstractAsyncContextManager[RawServer]]


@pytest.fixture
def serve() -> Serve:
    """Starts a `RawServer`, as a context manager.

    `tls` is its SSL context, `host` where it listens.
    """

    @asynccontextmanager
    async def start(
        script: Script, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[RawServer]:
        server = RawServer(script)
        listening = await asyncio.start_server(server.handle, host, 0, ssl=tls)
        server.port = listening.sockets[0].getsockname()[1]
        name = f"[{host}]" if ":" in host else host
        server.url = f"{'https' if tls else 'http'}://{name}:{server.port}"
        try:
            yield server
        finally:
            listening.close()
            await server.stop()
            await listening.wait_closed()

    return start


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and a self-signed certificate for 127.0.0.1 and localhost."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl program to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = (
        f"{openssl} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    )
    names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text(key.read_text() + cert.read_text())
    return both


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def no_leaks() -> Iterator[None]:
    """Fail, by the ResourceWarning it draws, for a socket that nobody closed."""
    yield
    gc.collect()
