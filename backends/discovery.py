"""Which inference servers answer on this machine, asked at the ports they customarily use. Loopback only."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .errors import BackendError

PORTS: Final[Mapping[int, str]] = {
    11434: "Ollama",
    8000: "vLLM",
    30000: "SGLang",
    8080: "llama.cpp",
    1234: "LM Studio",
}
"""Port to the software that customarily listens there; what does answer may be another."""

_CONNECT_S: Final = 0.1
_LIST_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server that listed at least one model.

    Attributes:
        url: base URL up to and including `/v1`.
        usual: the software that customarily uses this port.
        models: as the server lists them.
    """

    url: str
    usual: str
    models: tuple[str, ...]


async def local_servers(ports: Mapping[int, str] = PORTS) -> tuple[LocalServer, ...]:
    """The OpenAI-compatible servers listening on loopback at `ports`, in that order, within 0.4 s."""
    listen = await asyncio.gather(*map(_listens, ports))
    # Asked only once all have answered the knock: the client's import would eat the others' time.
    open_ports = [port for port, listens in zip(ports, listen, strict=True) if listens]
    found = await asyncio.gather(*(_ask(port, ports[port]) for port in open_ports))
    return tuple(server for server in found if server is not None)


async def _listens(port: int) -> bool:
    try:
        async with asyncio.timeout(_CONNECT_S):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def _ask(port: int, usual: str) -> LocalServer | None:
    from .models import list_models  # noqa: PLC0415  loads httpx: only when somebody listens

    url = f"http://127.0.0.1:{port}/v1"
    try:
        async with asyncio.timeout(_LIST_S):
            models = await list_models(url, "", _LIST_S)
    except (BackendError, TimeoutError):
        return None
    return LocalServer(url, usual, tuple(model.id for model in models)) if models else None
