"""`python a_working_day.py IMPORT`: what a person does with infertop, from the first run to the last export.

Run by `test_egress` where nothing but loopback exists. Prints a line for each command: exit code, command. IMPORT
is a result of another tool; everything else is made here, in the working directory.
"""

import fcntl
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
import urllib.request
from pathlib import Path

INFERTOP = [sys.executable, "-m", "infertop"]
QUICK = ["--workload", "classification", "--max-tokens", "8"]
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1


def lift_loopback() -> None:
    """A new network namespace has a loopback device, but it is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, asked))[1]
        if not flags & _IFF_UP:
            fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))


def infertop(*words: str) -> None:
    done = subprocess.run(
        [*INFERTOP, *words], check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90
    )
    print(done.returncode, *words, flush=True)
    if done.returncode:
        print(done.stdout, done.stderr, file=sys.stderr, flush=True)


def console(*words: str) -> None:
    """The console on a terminal for a moment."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (40, 120))
    environment = os.environ | {"TERM": "xterm-256color"}
    with subprocess.Popen([*INFERTOP, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as shown:
        os.close(theirs)
        leave_s = time.monotonic() + 4
        last_s = leave_s + 20
        while shown.poll() is None:
            if select.select([ours], [], [], 0.1)[0]:
                try:
                    os.read(ours, 65536)
                except OSError:
                    break
            if time.monotonic() > leave_s:
                os.write(ours, b"q")
                leave_s += 2
            if time.monotonic() > last_s:
                shown.kill()
    os.close(ours)
    print(shown.returncode, *words, flush=True)


def web() -> None:
    """The console's page in a browser's place."""
    with subprocess.Popen([*INFERTOP, "web"], stderr=subprocess.PIPE, text=True) as serving:
        assert serving.stderr is not None
        address = next(word for word in serving.stderr.readline().split() if word.startswith("http"))
        with urllib.request.urlopen(address, timeout=10) as page:
            assert page.status == 200
        serving.send_signal(signal.SIGINT)
        serving.wait(15)
    print(serving.returncode, "web", flush=True)


def main() -> None:
    """All of it, in order."""
    lift_loopback()
    other_tools = sys.argv[1]
    Path("mine.csv").write_text("provider,model,usd_per_m_input,usd_per_m_output\ngroq,mine,1,2\n")
    with subprocess.Popen([*INFERTOP, "fleet", "--port", "0", "groq"], stdout=subprocess.PIPE, text=True) as fleet:
        assert fleet.stdout is not None
        url = fleet.stdout.readline().split()[-1]
        infertop(url, "sim:cerebras", *QUICK, "--requests", "8", "--json", "--keep-text", "--export", "page.html")
        console("--price", "1xh200@coreweave", url, *QUICK)
        fleet.send_signal(signal.SIGINT)
    infertop("--headless", "--duration", "1s", *QUICK)
    infertop("run", "fleet", "--virtual", "--duration", "60s", "--json")
    infertop("sweep", "sim:groq", "--virtual", "--lengths-only", "--levels", "1..4", "--headless")
    for words in (
        "sessions show last", "export last -f html,md,csv,json,svg,txt -o out", "diff last last",
        "run --again last --headless", "profiles new mine --from fleet", "profiles check mine", "prices",
        "prices update mine.csv", "hardware h100x4/llama-3.3-70b/fp8", "demo --list", "doctor --quick --json",
    ):  # fmt: skip
        infertop(*words.split())
    console("replay", "last")
    infertop("import", other_tools, "--as", "theirs")
    web()


if __name__ == "__main__":
    main()
