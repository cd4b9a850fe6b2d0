"""The fleet's process: starts, says why not, and never outlives its parent."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from infertop.backends.fleet import process
from infertop.backends.fleet.process import FleetError, start_fleet, start_fleet_async
from infertop.backends.fleet.stacks import STACKS


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def wait_until_gone(port: int, within_s: float = 3.0) -> None:
    deadline = time.monotonic() + within_s
    while listens(port):
        assert time.monotonic() < deadline, "the fleet still listens"
        time.sleep(0.01)


def test_it_serves_what_was_asked_for_and_ends() -> None:
    with start_fleet(["groq", "h200", "groq"]) as fleet:
        assert fleet.stack_ids == ("groq", "h200")
        assert fleet.url("h200") == f"http://127.0.0.1:{fleet.port}/h200/v1"
        assert httpx.get(fleet.url("groq") + "/models").status_code == 200
        assert httpx.get(f"http://127.0.0.1:{fleet.port}/cerebras/v1/models").status_code == 404
        with pytest.raises(FleetError, match=r"no simulated stack 'cerebras' \(there are: groq, h200\)"):
            fleet.url("cerebras")
    assert not listens(fleet.port)
    fleet.close()


def test_closing_does_not_wait_for_running_answers() -> None:
    with start_fleet(["inferentia2"]) as fleet, httpx.Client() as client:
        asked = {
            "messages": [{"role": "user", "content": "x"}],
            "stream": True,
            "max_tokens": 5000,
            "ignore_eos": True,
        }
        with client.stream("POST", fleet.url("inferentia2") + "/chat/completions", json=asked) as response:
            next(response.iter_lines())
            before = time.monotonic()
            fleet.close()
            assert time.monotonic() - before < 1.5


async def test_starting_does_not_block_the_loop() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticking = asyncio.create_task(tick())
    fleet = await start_fleet_async(STACKS)
    ticking.cancel()
    with fleet:
        assert ticks > 3
        assert fleet.stack_ids == tuple(STACKS)


async def test_a_start_nobody_waits_for_any_more_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    def watched(*args: object, **options: object) -> process.Fleet:
        started.append(start_fleet(["groq"]))
        return started[0]

    monkeypatch.setattr(process, "start_fleet", watched)
    waiting = asyncio.create_task(start_fleet_async(["groq"]))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    while not started:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    wait_until_gone(started[0].port)


def test_unknown_stacks_are_refused_with_a_suggestion() -> None:
    with pytest.raises(FleetError, match="no such simulated stack: 'mi300'; did you mean \"mi300x\""):
        start_fleet(["h200", "mi300"])
    with pytest.raises(FleetError, match="no simulated stack was asked for"):
        start_fleet([])


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(FleetError, match=f"cannot listen on 127.0.0.1 port {port}: Address already in use"):
            start_fleet(["h200"], port=port)


def test_an_impossible_port_is_named() -> None:
    with pytest.raises(FleetError, match="'99999' is not a port"):
        start_fleet(["h200"], port=99999)


def script(path: Path, command: str) -> str:
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)
    return str(path)


def test_a_process_that_dies_early_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", script(tmp_path / "dies", "exit 3"))
    with pytest.raises(FleetError, match="did not start: exit status 3"):
        start_fleet(["h200"])
    monkeypatch.setattr(sys, "executable", script(tmp_path / "complains", "echo first >&2; echo no room >&2; exit 1"))
    with pytest.raises(FleetError, match="did not start: no room"):
        start_fleet(["h200"])


def test_a_process_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", script(tmp_path / "silent", "exec sleep 60"))
    monkeypatch.setattr(process, "_START_TIMEOUT_S", 0.1)
    monkeypatch.setattr(process, "_CLOSE_TIMEOUT_S", 0.1)
    with pytest.raises(FleetError, match=r"did not start within 0.1 s"):
        start_fleet(["h200"])


def test_it_is_out_of_reach_of_the_terminals_ctrl_c() -> None:
    with start_fleet(["groq"]) as fleet:
        assert os.getsid(fleet.pid) == fleet.pid != os.getsid(0)


def test_it_ends_on_terminate() -> None:
    with start_fleet(["groq"]) as fleet:
        os.kill(fleet.pid, signal.SIGTERM)
        wait_until_gone(fleet.port)


def test_it_ends_when_its_parent_is_killed() -> None:
    code = (
        "import time; from infertop.backends.fleet.process import start_fleet; "
        "fleet = start_fleet(['groq']); print(fleet.port, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        assert listens(port)
        parent.kill()
    wait_until_gone(port)


def test_what_lies_in_the_working_directory_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "aiohttp.py").write_text("raise SystemExit('wrong aiohttp')")
    monkeypatch.chdir(tmp_path)
    with start_fleet(["groq"]) as fleet:
        assert listens(fleet.port)
