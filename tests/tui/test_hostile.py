"""Text that others wrote reaches the screen as harmless characters, or not at all."""

import os
import pty
import select
import subprocess
import sys
import time
import unicodedata

import msgspec
import pytest

from infertop.engine.cost import ApiPrice
from infertop.engine.frame import AnswerFrame, Followed, Marker
from infertop.engine.plan import WorkloadPlan
from infertop.engine.verdict import Verdict
from infertop.tui.once import render_once

from .frames import STACKS, Fleet
from .screen import console, text

HOSTILE = (
    "\x1b]52;c;cHduZWQ=\x07\x1b[31;42mRED\x1b[0m",
    "\x9b31mC1\x9d0;title\x9c",
    "[/][bold red]markup[/bold] [link=https://evil.example]x[/link] [[",
    "bidi\u202egnp.exe\u2066 zero\u200bwidth \ufeff",
    "漢字かな交じり文の長い名前とても長い😀😀👩‍👩‍👧",
    "A" * 100_000,
    "line\nfeed\r\ttab\x00nul\x7fdel",
)  # fmt: skip


def hostile_frame(text_of):
    """A frame in which every string that another machine or file may choose is hostile."""
    fleet = Fleet(STACKS[:4]).advance(20)
    frame = fleet.frame()
    backends = tuple(
        msgspec.structs.replace(
            backend,
            name=f"{text_of}{at}",
            url=text_of,
            model=text_of,
            served_model=text_of + "!",
            hardware=text_of,
            engine=text_of,
            price=ApiPrice(usd_per_m_input=1, usd_per_m_output=2, as_of=text_of, source=text_of),
            failed=3,
            scheduled=backend.scheduled + 3,
            errors={text_of: 3},
            last_error=text_of,
            finish_reasons={text_of: 1},
            state="down" if at == 1 else "ok",
        )
        for at, backend in enumerate(frame.backends)
    )
    return msgspec.structs.replace(
        frame,
        title=text_of,
        workload=WorkloadPlan(source=text_of),
        markers=(Marker(at_ns=1, text=text_of),),
        followed=Followed(
            index=4,
            prompt=text_of,
            answers=tuple(
                AnswerFrame(backend=f"{text_of}{at}", text=text_of * 3, state="writing") for at in range(4)
            ),
        ),
        backends=backends,
    )


def withheld(backends, metric, pairs):
    """A judge that quotes names."""
    return [
        Verdict(metric, a.name, b.name, "withheld", 0.95, 1.0, n=200, reason=f"{a.name} depends on {b.name}")
        for at, a in enumerate(backends)
        for b in backends[at + 1 :]
    ]


def assert_harmless(picture):
    bad = {char for char in picture if char != "\n" and unicodedata.category(char)[0] == "C"}
    assert not bad, [hex(ord(char)) for char in bad]


@pytest.mark.parametrize("text_of", HOSTILE, ids=range(len(HOSTILE)))
async def test_the_screen_draws_hostile_text_harmlessly(text_of):
    frame = hostile_frame(text_of)
    async with console(frame, judge=withheld, size=(100, 30)) as (app, pilot, _):
        pages = (("enter",), ("pagedown",), ("c",), ("pagedown",), ("escape", "N"), ("escape", "ctrl+p"), ("escape",))
        for keys in ((), *pages, ("escape", "2"), ("1",), *"3345566778899"):
            await pilot.press(*keys)
            await pilot.pause(0.02)
            picture = text(app)
            assert_harmless(picture)
            assert len(picture.splitlines()) == 30
    assert_harmless(render_once(frame, 100, colour=False))


PROGRAM = """
import asyncio, sys
from infertop.engine.frame import decode
from infertop.tui.app import InfertopApp

class Link:
    async def frames(self):
        yield decode(open(sys.argv[1], "rb").read())
        await asyncio.Event().wait()
    def send(self, command): ...
    async def stop(self): return None

InfertopApp(Link()).run()
"""


def test_no_escape_of_a_name_reaches_a_real_terminal(tmp_path):
    """The bytes a pseudo-terminal receives hold the app's own escapes only."""
    from infertop.engine.frame import encode

    path = tmp_path / "frame"
    path.write_bytes(encode(hostile_frame(HOSTILE[0] + HOSTILE[1])))
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path)],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env=os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": "100", "LINES": "30"},
    )  # fmt: skip
    os.close(theirs)
    received, deadline, asked = b"", time.monotonic() + 20, 0
    try:
        while time.monotonic() < deadline and not (b"RED" in received and b"quantiles" in received):
            if b"tok/s" in received and not asked:
                asked = os.write(ours, b"c")  # the page of two, with their answers
            if select.select([ours], [], [], 0.1)[0]:
                received += os.read(ours, 65536)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert b"RED" in received
    assert b"quantiles" in received
    for harmful in (
        b"\x1b]52",
        b"\x1b[31;42m",
        b"\x9b31m".decode("latin-1").encode(),
        b"\x1b]0;title",
        b"cHduZWQ=\x07",
    ):
        assert harmful not in received
