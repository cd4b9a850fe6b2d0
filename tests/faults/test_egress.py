"""infertop talks to whom it was told to, and to nobody else: not to a name server either.

Everything a person does is done where no network but loopback exists (a network namespace, where this machine has
them), and the kernel's own record is read: strace notes every address that any of the processes connects to, sends to
or listens at, whatever library asks for it.
"""

import os
import re
import shutil
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
THEIRS = HERE.parent / "sessions" / "imports" / "vllm-detailed.json"
CALLS = "connect,sendto,sendmsg,sendmmsg,bind"
ADDRESS = re.compile(
    r'sa_family=(AF_\w+)(?:.*?_port=htons\((\d+)\).*?(?:inet_addr\(|inet_pton\(AF_INET6, )"([^"]+)")?'
)
QUIET = {"AF_UNIX", "AF_UNSPEC", "AF_NETLINK"}
"""Families that never leave the machine."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(450)]


def traced(*command: str, folder: Path) -> tuple[str, set[tuple[str, str]]]:
    """What `command` printed, and the addresses outside this machine, or of name servers, that the kernel noted."""
    strace, unshare = shutil.which("strace"), shutil.which("unshare")
    if strace is None:
        pytest.skip("needs strace to see what processes connect to")
    alone = (
        [unshare, "-rn"] if unshare and subprocess.run([unshare, "-rn", "true"], check=False).returncode == 0 else []
    )
    record = folder / "calls"
    watch = [strace, "-f", "--seccomp-bpf", "-qq", "-s", "0", "-e", f"trace={CALLS}", "-e", "signal=none"]
    keep = ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "PYTHONPATH")
    environment = {name: os.environ[name] for name in keep if name in os.environ}
    home = folder / "home"
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [*watch, "-o", str(record), *alone, *command],
        check=False, capture_output=True, text=True, timeout=420, cwd=home, env={**environment, "HOME": str(home)},
    )  # fmt: skip
    if "ptrace" in done.stderr and not record.exists():
        pytest.skip(f"strace may not look: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stderr[-3000:]
    print(f"\nnetwork but loopback: {'none' if alone else 'there, unblocked'}; {done.stdout}{done.stderr}")
    return done.stdout, outside(record.read_text())


def outside(record: str) -> set[tuple[str, str]]:
    """The (address, port) in strace's `record` that are not this machine's own."""
    found = set()
    for family, port, address in ADDRESS.findall(record):
        local = family in QUIET or (address and ip_address(address).is_loopback)
        if not local or port == "53":
            found.add((address or family, port))
    return found


def test_a_working_day_calls_nobody(tmp_path):
    shown, called = traced(sys.executable, str(HERE / "a_working_day.py"), str(THEIRS), folder=tmp_path)
    codes = dict(line.split(" ", 1)[::-1] for line in shown.splitlines())
    assert len(codes) >= 17
    wrong = {words: code for words, code in codes.items() if code != "0" and not words.startswith("doctor")}
    assert not wrong
    assert called == set()


ASKED = """
import subprocess, sys
for url in ("http://192.0.2.7:8000", "http://gpu1.invalid:8000"):
    words = [url, "--model", "m", "--requests", "1", "--timeout", "1s", "--headless", "--no-record"]
    subprocess.run([sys.executable, "-m", "infertop", *words], stdin=subprocess.DEVNULL, check=False)
"""


def test_what_was_asked_for_is_seen(tmp_path):
    """The record would show it."""
    _, called = traced(sys.executable, "-c", ASKED, folder=tmp_path)
    assert ("192.0.2.7", "8000") in called
    if any(line.startswith("nameserver") for line in Path("/etc/resolv.conf").read_text().splitlines()):
        assert any(port == "53" for _, port in called), "the name was looked up"
    assert {port for _, port in called} <= {"8000", "53"}


def test_the_record_is_read_rightly():
    assert outside(
        "7 connect(3, {sa_family=AF_UNIX, sun_path=\"/x\"}, 110) = 0\n"
        "7 connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"127.0.0.1\")}, 16) = 0\n"
        "7 bind(3, {sa_family=AF_INET6, sin6_port=htons(0), sin6_flowinfo=htonl(0), "
        "inet_pton(AF_INET6, \"::1\", &sin6_addr), sin6_scope_id=0}, 28) = 0\n"
        "7 sendto(3, \"\"..., 9, 0, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr(\"127.0.0.53\")}, 9)\n"
        "7 connect(3, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), "
        "inet_pton(AF_INET6, \"2001:db8::1\", &sin6_addr), sin6_scope_id=0}, 28 <unfinished ...>\n"
        "7 connect(3, {sa_family=AF_VSOCK, svm_cid=2, svm_port=9}, 16) = 0\n"
    ) == {("127.0.0.53", "53"), ("2001:db8::1", "443"), ("AF_VSOCK", "")}  # fmt: skip
