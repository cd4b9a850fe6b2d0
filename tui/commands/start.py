"""From a plan to an exit code: the console or a headless run, then the summary on stdout."""

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from enum import Enum
from typing import Final

import msgspec

from ...backends.credentials import CredentialError, resolve
from ...engine.cost import ApiPrice
from ...engine.frame import Frame
from ...engine.plan import BackendPlan, RunPlan
from ...engine.process import EngineError
from ...profiles.library import plan_of
from ...profiles.problems import ProfileError
from ...sessions.exit_codes import ExitCode, exit_code
from ...sessions.summary import document, to_json
from ...sessions.table import render
from ..usage import UsageError
from .targets import in_the_clear

DEFAULT_DURATION_S: Final = 10.0
"""How long a run lasts that nobody watches and nothing else ends."""

DEFAULT_BUDGET_USD: Final = 1.0
"""Cap on the spend at real APIs when none was given."""


class Form(Enum):
    """What a run shows."""

    CONSOLE = "console"
    TABLE = "table"
    JSON = "json"
    ONCE = "once"


def profile_plan(name: str) -> RunPlan:
    """The plan of a profile, by name or path; raises UsageError."""
    try:
        return plan_of(name)
    except ProfileError as error:
        raise UsageError(str(error)) from None


def start(plan: RunPlan, arguments: argparse.Namespace) -> int:
    """Run `plan` in the form asked for, print its summary and return the exit code."""
    form = _form(arguments)
    plan = with_limits(plan, form)
    for line in warnings(plan):
        sys.stderr.write(f"infertop: {line}\n")
    check_keys(plan)
    try:
        frame = asyncio.run(_console(plan) if form is Form.CONSOLE else _headless(plan))
    except EngineError as error:
        sys.stderr.write(f"infertop: {error}\n")
        return ExitCode.FAILED
    if frame is None:
        return ExitCode.OK
    _print(frame, form)
    return exit_code(frame)


def _form(arguments: argparse.Namespace) -> Form:
    if arguments.json:
        return Form.JSON
    if arguments.once:
        return Form.ONCE
    on_terminal = all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    return Form.CONSOLE if on_terminal and not arguments.headless else Form.TABLE


def with_limits(plan: RunPlan, form: Form) -> RunPlan:
    """`plan` with an end when nobody watches, and a cap when it spends real money."""
    if form is not Form.CONSOLE and plan.duration_s is None and plan.requests is None:
        plan = msgspec.structs.replace(plan, duration_s=DEFAULT_DURATION_S)
    if plan.budget_usd is None and any(map(_bills_tokens, plan.backends)):
        plan = msgspec.structs.replace(plan, budget_usd=DEFAULT_BUDGET_USD)
    return plan


def _bills_tokens(backend: BackendPlan) -> bool:
    return isinstance(backend.price, ApiPrice) and not backend.url.startswith("sim:")


def warnings(plan: RunPlan) -> Iterator[str]:
    """What a person should know before anything is sent."""
    if plan.budget_usd is not None and any(map(_bills_tokens, plan.backends)):
        yield f"API spend is capped at ${plan.budget_usd:.2f} (--budget)"
    for backend in plan.backends:
        if backend.key and backend.price is None:
            yield f"no price is known for {backend.name}: its cost is not shown and no budget holds it"
        if in_the_clear(backend):
            yield f"{backend.name} is reached over http: its key crosses the network unencrypted"
    cores = os.cpu_count() or 1
    if plan.workers > cores:
        yield f"{plan.workers} workers on {cores} cores take them from each other (--workers)"


def check_keys(plan: RunPlan) -> None:
    """Raise UsageError when a key that a backend needs cannot be had."""
    for backend in plan.backends:
        try:
            resolve(backend.key)
        except CredentialError as error:
            raise UsageError(f"{backend.name}: {error}") from None


async def _headless(plan: RunPlan) -> Frame:
    from ..headless import run_headless  # noqa: PLC0415

    return await run_headless(plan, sys.stderr)


async def _console(plan: RunPlan) -> Frame | None:
    from ..console import run_console  # noqa: PLC0415  textual takes half a second

    return await run_console(plan)


def _print(frame: Frame, form: Form) -> None:
    columns = shutil.get_terminal_size((120, 24)).columns
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    match form:
        case Form.JSON:
            sys.stdout.buffer.write(to_json(document(frame)))
        case Form.ONCE:
            from ..once import render_once  # noqa: PLC0415

            sys.stdout.write(render_once(frame, columns, colour=colour) + "\n")
        case _:
            sys.stdout.write(render(frame, columns, colour=colour))
