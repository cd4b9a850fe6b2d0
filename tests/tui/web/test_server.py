"""The server by real HTTP and websockets, without a browser."""

import asyncio
import os
import re
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from infertop.tui.web.view import View, environment

from ..test_cli import infertop

pytest.importorskip("textual_serve", reason="needs the extra web")

from infertop.tui.web.server import MOST_VIEWS, Server

NO_CONSOLE = ["run", "no-such-profile"]
"""Ends at once, and says why."""


@asynccontextmanager
async def served(words=NO_CONSOLE, *, loopback=True):
    server = Server(lambda: words, "s3cret", loopback=loopback)
    address = await server.start("127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession() as client:
            yield client, address
    finally:
        await server.stop()


def origin(address):
    return address.split("/s3cret")[0]


async def test_the_page_and_all_it_needs_come_from_here():
    async with served() as (client, address):
        async with client.get(address) as answer:
            assert answer.status == 200
            page = await answer.text()
        wanted = re.findall(r'(?:src|href)="([^"]+)"', page)
        assert {"page.js", "textual.js", "xterm.css"} <= set(wanted)
        for name in [name for name in wanted if name != "data:,"] + ["mono.ttf"]:
            async with client.get(address + name) as answer:
                assert answer.status == 200, name
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/wrong/", {}),
        ("/wrong/ws", {}),
        ("/s3cret/server.py", {}),
        ("/s3cret/..%2f..%2fetc%2fpasswd", {}),
        ("/s3cret/", {"Host": "evil.example"}),
        ("/s3cret/ws", {"Host": "evil.example", "Origin": "http://evil.example"}),
    ],
)
async def test_without_the_secret_or_under_another_name_there_is_nothing(path, headers):
    async with served() as (client, address), client.get(origin(address) + path, headers=headers) as answer:
        assert answer.status == 404


@pytest.mark.parametrize("sent", [None, "http://evil.example", "null"])
async def test_no_other_site_opens_a_view(sent):
    async with served() as (client, address):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(address + "ws", headers={"Origin": sent} if sent else {})
        assert refused.value.status == 403


async def test_a_view_that_cannot_open_says_why_and_ends():
    async with served() as (client, address):
        async with client.ws_connect(address + "ws", headers={"Origin": origin(address)}) as socket:
            said = [message.data async for message in socket]
        assert b"no profile has this name" in b"".join(said)
        assert b"Traceback" not in b"".join(said)


@pytest.mark.parametrize("sent", ["not json", '{"a": 1}', '["stdin"]', '["resize", {"width": 3}]'])
async def test_a_page_that_talks_nonsense_is_closed(sent):
    async with (
        served(["attach", "--list"]) as (client, address),
        client.ws_connect(address + "ws", headers={"Origin": origin(address)}) as socket,
    ):
        await socket.send_str(sent)
        assert [message.type async for message in socket if message.type is aiohttp.WSMsgType.TEXT] == []


@pytest.mark.slow
async def test_a_view_ends_with_its_server_however_that_ended(tmp_path):
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "infertop", "web", "--", "run", "fleet", "--only", "h200", "--no-record",
        stderr=asyncio.subprocess.PIPE, env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
    )  # fmt: skip
    address = re.search(r"http://\S+", (await server.stderr.readline()).decode()).group()
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(address + "ws", headers={"Origin": address.rsplit("/", 2)[0]}) as socket,
    ):
        async for message in socket:
            if b"tok/s" in message.data:
                break
        view = _child(server.pid)
        server.kill()
        await server.wait()
    for _ in range(100):
        if not _lives(view):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the view lives on")


def _child(pid):
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def _lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_there_is_an_end_to_how_many_look(monkeypatch):
    monkeypatch.setattr("infertop.tui.web.server.View", _Idle)
    async with served() as (client, address):
        sockets = [
            await client.ws_connect(address + "ws", headers={"Origin": origin(address)}) for _ in range(MOST_VIEWS)
        ]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(address + "ws", headers={"Origin": origin(address)})
        assert refused.value.status == 503
        for socket in sockets:
            await socket.close()


class _Idle(View):
    """A view of which nothing is to be seen."""

    async def run(self, width, height):
        self._closed = asyncio.Event()
        await self._closed.wait()

    async def close(self):
        self._closed.set()


def test_a_view_knows_its_terminal_and_keeps_the_keys_of_providers_in_its_environment():
    made = environment({"GROQ_API_KEY": "k", "COLUMNS": "10"}, 120, 40)
    assert (made["COLUMNS"], made["ROWS"], made["GROQ_API_KEY"]) == ("120", "40", "k")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("web --host 0.0.0.0", "--insecure-host"),
        ("web --port 70000", "is not a port"),
        ("web -- doctor", "shows no console"),
        ("web -- web", "shows no console"),
        ("web --host 203.0.113.7 --insecure-host", "cannot listen on 203.0.113.7"),
    ],
)
def test_a_mistake_is_told_in_words(words, told):
    done = infertop(*words.split())
    assert done.returncode == 2, done.stderr
    assert told in done.stderr


def test_without_the_extra_it_says_what_to_install():
    code = (
        "import sys; sys.modules['textual_serve'] = None\nfrom infertop.tui.cli import main; sys.exit(main(['web']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "pip install 'infertop[web]'" in done.stderr) == (2, True), done.stderr
