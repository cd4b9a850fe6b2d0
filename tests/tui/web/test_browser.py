"""The console in a real browser."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from .browser import CHROMIUM, chromium

pytest.importorskip("textual_serve", reason="needs the extra web")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

WORDS = ("run", "fleet", "--only", "h200", "--no-record", "--duration", "100s")
SECRET = "sk-not-on-a-command-line"


@asynccontextmanager
async def served(tmp_path, *words):
    """`infertop web -- WORDS` as a process with folders of its own; yields its address and process id."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "infertop", "web", "--", *words,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "SECRET_KEY": SECRET, "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
    )  # fmt: skip
    try:
        line = (await asyncio.wait_for(process.stderr.readline(), 20)).decode()
        yield re.search(r"http://\S+", line).group(), process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 20)


async def until(true, seconds=25):
    for _ in range(round(seconds / 0.1)):
        if true():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it did not come to be")


def consoles(pid):
    """Process ids of the views."""
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()
    return sorted(int(each) for each in found)


def command_line(pid):
    return Path(f"/proc/{pid}/cmdline").read_bytes()


async def test_it_opens_obeys_keys_follows_the_size_and_asks_nobody_else_for_anything(tmp_path):
    async with served(tmp_path, *WORDS) as (address, pid), chromium() as browser:
        tab = await browser.open(address, 1000, 600)
        await until(lambda: b"tok/s" in tab.drawn and b"SIM" in tab.drawn)
        for each in consoles(pid):
            assert SECRET.encode() not in command_line(each)
            assert address.rstrip("/").rpartition("/")[2].encode() not in command_line(each)

        tab.forget()
        await tab.type("?")
        await until(lambda: b"esc closes" in tab.drawn)
        await tab.type("?")

        tab.forget()
        await tab.resize(1400, 1000)
        await until(lambda: max(map(int, re.findall(rb"\x1b\[(\d+);\d+H", tab.drawn)), default=0) > 40)

        hosts = {url.split("/")[2] for url in tab.requests if not url.startswith("data:")}
        assert hosts == {address.split("/")[2]}
        assert tab.complaints == []

        await tab.type("q")
        await until(lambda: not consoles(pid))
        for _ in range(50):  # the page hears of it a little later
            if "-closed" in await tab.evaluate("document.body.className"):
                break
            await asyncio.sleep(0.1)
        else:
            raise AssertionError("the page does not say that it is over")


async def test_two_look_and_closing_one_tab_leaves_the_other(tmp_path):
    async with served(tmp_path) as (address, pid), chromium() as browser:
        first = await browser.open(address)
        await until(lambda: b"tok/s" in first.drawn)
        second = await browser.open(address)
        await until(lambda: b"tok/s" in second.drawn)
        assert [b"attach" in command_line(each) for each in consoles(pid)] == [False, True]  # one run for both
        await first.close()
        await until(lambda: len(consoles(pid)) == 1)
        second.forget()
        await until(lambda: len(second.drawn) > 5000)
        assert second.complaints == []
        assert await second.evaluate("document.body.className") == "-loaded -first-byte"
