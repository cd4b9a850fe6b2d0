"""Who listens at the address of a cluster, found out in seconds: Ray itself takes a minute to find nobody there."""

import asyncio
import os
from contextlib import suppress
from typing import Final

from ...backends.printable import printable
from ..watcher import RunError
from .address import Door, door

KNOCK_S: Final = 5.0

_HELLO: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
"""How HTTP/2, and so gRPC, begins, and a frame of no settings (RFC 9113, 3.4); the answer is one of settings, too."""

_SETTINGS: Final = 4
_OF_MACHINES: Final = "/ray.rpc.NodeInfoGcsService/CheckAlive"
_OF_CLIENTS: Final = "/ray.rpc.RayletDriver/ClusterInfo"
"""What only the port that machines of a cluster use understands, and only the one for those outside it."""


async def knock(address: str) -> None:
    """Raise RunError when there is plainly no Ray cluster at `address`, or the other door of one."""
    where = door(address)
    if where is None:
        return
    try:
        async with asyncio.timeout(KNOCK_S):
            speaks = await _speaks(where)
    except TimeoutError:
        raise RunError(f"--ray {address}: nothing answers there in {KNOCK_S:g} s") from None
    except OSError as error:
        raise RunError(f"--ray {address}: nothing answers there: {printable(str(error.strerror or error))}") from None
    if not speaks:
        raise RunError(f"--ray {address}: what answers there is no Ray cluster")
    outside = address.startswith("ray://")
    if not _encrypted() and await asyncio.to_thread(_understands, where, _OF_MACHINES if outside else _OF_CLIENTS):
        port = f"{where.host}:{where.port}"
        raise RunError(
            f"--ray {address}: that is the port for the cluster's own machines: on one of them write {port}, "
            f"elsewhere ray://{where.host}:10001"
            if outside
            else f"--ray {address}: that is the port for who is outside the cluster: write ray://{port}"
        )


def _encrypted() -> bool:
    """Whether Ray is told to speak TLS, with certificates of its own."""
    return os.environ.get("RAY_USE_TLS", "0").lower() in {"1", "true"}


async def _speaks(where: Door) -> bool:
    """Whether whoever answers speaks HTTP/2; raises OSError."""
    reader, writer = await asyncio.open_connection(*where)
    try:
        if _encrypted():
            return True
        writer.write(_HELLO)
        head = await reader.readexactly(9)
    except asyncio.IncompleteReadError:
        return False
    else:
        return head[3] == _SETTINGS and not any(head[5:])
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _understands(where: Door, call: str) -> bool:
    """Whether whoever answers knows that call."""
    try:
        import grpc  # noqa: PLC0415 - comes with Ray's client
    except ImportError:
        return False
    host = f"[{where.host}]" if ":" in where.host else where.host
    with grpc.insecure_channel(f"{host}:{where.port}") as channel:
        try:
            channel.unary_unary(call)(b"", timeout=KNOCK_S)
        except grpc.RpcError as error:
            unknown = {grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
            return error.code() not in unknown
    return True
