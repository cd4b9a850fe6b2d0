"""The examination: everything the doctor looks at, in order, and the report that comes of it."""

import os
from collections.abc import Callable, Sequence
from contextlib import aclosing

from ...backends.discovery import local_servers
from ...backends.groundtruth import start_ground_truth
from ...backends.printable import printable
from ...backends.providers import keys_set
from ...engine.selftest.ladder import QUICK, USUAL
from ...engine.selftest.process import self_test
from ...engine.selftest.report import Finding, Load
from . import checks, conclusion, machine, screen, terminal
from .report import Key, Report, ScreenEffect, Server

Say = Callable[[str], None]
"""Told what goes on, in a few words."""


async def examine(say: Say, *, quick: bool) -> Report:
    """Look at everything; about 30 s, 10 s when `quick`.

    Raises:
        SelfTestError: the self-test's process died.
        OSError: no process can be started.
    """
    say("looking around")
    here, shown = machine.look(), terminal.look()
    keys = tuple(
        Key(provider.name, variable, f"infertop {provider.id}:{provider.example_model}")
        for provider, variable in keys_set(os.environ)
    )
    servers = tuple(Server(each.url, each.usual, each.models) for each in await local_servers())
    loads = QUICK if quick else USUAL
    affordable = checks.affordable(loads, here)
    findings = await _try_loads(affordable, say)
    say("drawing the console beside the engine")
    effect, trouble = await _try_screen(quick=quick)
    return Report(
        quick=quick,
        grade=conclusion.client_grade(findings),
        summary=conclusion.summary(findings),
        measurable=conclusion.measurable(findings),
        loads=findings,
        untried_streams=tuple(load.streams for load in loads if load not in affordable),
        screen=effect,
        screen_trouble=trouble,
        machine=here,
        terminal=shown,
        keys=keys,
        servers=servers,
        checks=(
            *checks.machine_checks(here, findings),
            *checks.screen_checks(effect, trouble),
            *checks.terminal_checks(shown),
            *checks.key_checks(keys),
            *checks.server_checks(servers),
        ),
    )


async def _try_loads(loads: Sequence[Load], say: Say) -> tuple[Finding, ...]:
    findings = []
    async with aclosing(self_test(loads)) as found:
        say(f"measuring the engine's own error, load 1 of {len(loads)}")
        async for finding in found:
            findings.append(finding)
            say(f"measuring the engine's own error, load {len(findings) + 1} of {len(loads)}")
    return tuple(findings)


async def _try_screen(*, quick: bool) -> tuple[ScreenEffect | None, str]:
    """The effect of the screen, or None and why it could not be told."""
    try:
        with start_ground_truth() as server:
            return await screen.compare(server, *((0.8, 1) if quick else (1.5, 2))), ""
    except (screen.ScreenError, OSError) as error:
        return None, printable(str(error), 200)
