r"""A ground-truth server, its log of true write times, and where to find one.

Two speak the same log: a fast C server whose source `INFERTOP_GROUNDTRUTH` names (compiled here, for TLS over
`tls_sockets.h`), and `tls_truth.py`, which needs no compiler and is much slower. The log is little-endian:
"MKDLOG1\0", int64 CLOCK_REALTIME − CLOCK_MONOTONIC, 8 bytes reserved; then for each request a record (`RECORD`) and
one uint64 CLOCK_MONOTONIC for each token, taken just before it was written. CLOCK_MONOTONIC is what
`time.perf_counter_ns` reads on Linux.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

VARIABLE = "INFERTOP_GROUNDTRUTH"
HEAD = b"MKDLOG1\0"
RECORD = np.dtype(
    [
        ("sequence", "<u8"), ("accepted_ns", "<u8"), ("first_byte_ns", "<u8"), ("arrived_ns", "<u8"),
        ("arrived_real_ns", "<u8"), ("headers_ns", "<u8"), ("first_ns", "<u8"), ("last_ns", "<u8"), ("end_ns", "<u8"),
        ("tokens", "<u4"), ("times", "<u4"), ("writes", "<u4"), ("flags", "<u4"), ("body_bytes", "<u4"),
        ("connection_request", "<u4"), ("connection", "<u8"), ("request_id", "S64"), ("reserved", "<u8"),
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """One request as the server saw it.

    Attributes:
        body_bytes: length of the request's body: the benchmarks make it unique, so it names the request.
        arrived_ns: the whole request was read.
        tokens: events written that carry a token.
        times_ns: when each was written; empty unless asked for.
    """

    body_bytes: int
    arrived_ns: int
    tokens: int
    times_ns: npt.NDArray[np.int64]


def read_log(path: Path) -> list[Written]:
    """Every request in a log; ValueError if it is none."""
    data = path.read_bytes()
    if not data.startswith(HEAD):
        raise ValueError(f"{path} is no ground-truth log")
    found, at = [], 24
    while at < len(data):
        record = np.frombuffer(data, RECORD, 1, at)[0]
        at += RECORD.itemsize
        count = int(record["times"])
        times = np.frombuffer(data, "<u8", count, at).astype(np.int64)
        at += 8 * count
        found.append(Written(int(record["body_bytes"]), int(record["arrived_ns"]), int(record["tokens"]), times))
    return found


@dataclass(frozen=True, slots=True)
class TruthServer:
    """A server under way.

    Attributes:
        url: its base URL.
        log: where it will write its log when it ends.
        certificate: what a client has to trust, where it speaks TLS.
    """

    url: str
    log: Path
    certificate: Path | None = None


def compiled(source: Path, folder: Path, *, tls: bool) -> Path:
    """The C server as a program, over TLS or not."""
    binary = folder / "groundtruth"
    header = Path(__file__).with_name("tls_sockets.h")
    before, after = (["-include", str(header)], ["-lssl", "-lcrypto"]) if tls else ([], [])
    subprocess.run(["gcc", "-O2", "-march=native", "-w", *before, "-o", binary, source, *after], check=True)
    return binary


def certified(certificate: Path) -> Path:
    """Write a certificate for 127.0.0.1 that a client has to trust; the file of its fresh key."""
    key = certificate.with_suffix(".key")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    return key


def source_given() -> Path | None:
    """What `INFERTOP_GROUNDTRUTH` names."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def serving(
    folder: Path, *options: str, source: Path | None = None, core: int | None = None, tls: bool = False
) -> Iterator[TruthServer]:
    """A ground-truth server; after the block its log is written.

    Args:
        folder: for its log and what else it needs.
        options: in the C server's words: `--ttft-ms`, `--itl-us`, `--tokens`, `--log-tokens`.
        source: the C server's source; None runs the slower one, which speaks only TLS.
        core: the one to pin it to.
        tls: serve over TLS.
    """
    port, log, certificate = free_port(), folder / "log.mkd", None
    arguments = ["--port", str(port), "--log", str(log), *options]
    command = [sys.executable, "-m", "tests.bench.tls_truth"]
    environment = dict(os.environ)
    if tls:
        certificate = folder / "certificate.pem"
        environment |= {"TLS_CERTIFICATE": str(certificate), "TLS_KEY": str(certified(certificate))}
    if source is not None:
        command = [str(compiled(source, folder, tls=tls))]
    process = subprocess.Popen([*command, *arguments], stderr=subprocess.DEVNULL, env=environment)
    try:
        pin(process.pid, core)
        _await_port(port, process)
        yield TruthServer(f"{'https' if tls else 'http'}://127.0.0.1:{port}/v1", log, certificate)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def pin(pid: int, core: int | None) -> None:
    """Keep a process (0: this one) on one core, where there is such a core and such a call."""
    if core is not None and hasattr(os, "sched_setaffinity") and core < (os.cpu_count() or 1):
        os.sched_setaffinity(pid, {core})


def _await_port(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("the ground-truth server did not start")
