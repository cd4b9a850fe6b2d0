"""No cluster to run on: one line and a documented exit code, soon."""

import socket
import subprocess
import sys
import time
from importlib.util import find_spec

import pytest

RUN = ["sim:groq", "--duration", "1s", "--headless"]


def infertop(address, before=""):
    """What a run on the cluster at `address` comes to: the exit code, what is said, and how long it takes."""
    program = (
        f"import sys\n{before}\nfrom infertop.tui.cli import main\nsys.exit(main([*{RUN!r}, '--ray', {address!r}]))"
    )
    began_s = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr.strip(), time.monotonic() - began_s


def test_without_the_extra_it_says_what_to_install():
    code, said, _ = infertop("head:6379", "sys.modules['ray'] = None")
    assert (code, said) == (2, "infertop: --ray: a Ray cluster needs the extra ray: pip install 'infertop[ray]'")


@pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray: pip install 'infertop[ray]'")
@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_where_nobody_listens_it_says_so(scheme):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"{scheme}127.0.0.1:{unused.getsockname()[1]}"
        code, said, took_s = infertop(address)
    assert code == 1
    assert said.splitlines()[-1].endswith(f"--ray {address}: nothing answers there: Connection refused")
    assert took_s < 20
