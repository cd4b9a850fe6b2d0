"""A real Ray cluster on this machine: two nodes of one core each, the second with a clock that is a day ahead.

That clock is real too: the node runs in a time namespace of its own (unshare), where the system allows one.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

AHEAD_S = 86_400
START_S = 100
SHIFTED = ["unshare", "--fork", "--kill-child=TERM", "--time", "--monotonic", str(AHEAD_S)]
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_enable_metrics_collection": "0",
    "GRPC_ENABLE_FORK_SUPPORT": "0",
}
"""Nothing is told to anybody; and no process for a client dies in a fork (ray-project/ray#63202)."""


@dataclass(frozen=True)
class Nodes:
    """A cluster under way.

    Attributes:
        address: for who is on one of its machines.
        client_address: for everybody else.
        ahead_ns: how far the second node's clock is ahead of this machine's.
        logs: what Ray writes down.
        pids: of its two nodes.
    """

    address: str
    client_address: str
    ahead_ns: int
    logs: Path
    pids: tuple[int, int]

    def processes(self, word: str) -> list[int]:
        """Process ids of what runs on it with `word` in its command line."""
        return [pid for pid in family(self.pids) if word in command(pid)]


def command(pid: int) -> str:
    """The command line of a process; "" if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def family(roots: tuple[int, ...]) -> list[int]:
    """Processes that descend from `roots`, in the order of their numbers."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found)


def free_ports() -> tuple[int, int]:
    """Two ports nobody listens on at this moment."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@contextmanager
def nodes() -> Iterator[Nodes]:
    """The cluster while the block lasts."""
    port, client_port = free_ports()
    shifts = (
        shutil.which("unshare") is not None and subprocess.call([*SHIFTED, "true"], stderr=subprocess.DEVNULL) == 0
    )
    folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))  # the paths of its sockets must be short
    common = ["--num-cpus=1", "--disable-usage-stats", "--block", f"--temp-dir={folder}"]
    head = ["--head", f"--port={port}", f"--ray-client-server-port={client_port}", "--include-dashboard=false"]
    started = []
    try:
        started.append(_start([], [*head, "--object-store-memory=100000000", *common], folder / "head.out"))
        joining = [f"--address=127.0.0.1:{port}", "--object-store-memory=100000000", *common]
        started.append(_start(SHIFTED if shifts else [], joining, folder / "second.out"))
        yield Nodes(
            address=f"127.0.0.1:{port}",
            client_address=f"ray://127.0.0.1:{client_port}",
            ahead_ns=AHEAD_S * 10**9 if shifts else 0,
            logs=folder,
            pids=(started[0].pid, started[1].pid),
        )
    finally:
        _stop(started)
        shutil.rmtree(folder, ignore_errors=True)


def _start(before: list[str], options: list[str], output: Path) -> "subprocess.Popen[bytes]":
    program = [sys.executable, "-m", "ray.scripts.scripts", "start", *options]
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [*before, *program], stdout=sink, stderr=subprocess.STDOUT, env=os.environ | QUIET, start_new_session=True
        )
    deadline = time.monotonic() + START_S
    while b"block forever" not in output.read_bytes():
        if process.poll() is not None or time.monotonic() > deadline:
            _stop([process])
            raise RuntimeError(f"Ray did not start: {output.read_text()[-2000:]}")
        time.sleep(0.05)
    return process


def _stop(started: list["subprocess.Popen[bytes]"]) -> None:
    """End all of it at once: asked politely, Ray takes a quarter of a minute."""
    for pid in family(tuple(process.pid for process in started)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for process in started:
        process.wait()
