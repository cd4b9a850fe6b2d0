"""Sweeps that were made, and several of one kind: `infertop sweep --show` and `--across`."""

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import Sequence

from msgspec.structs import replace

from ...engine.sweep.plan import SweepPlan
from ...engine.sweep.runner import Sweeper
from ...engine.sweep.sensitivity import with_workload
from ...engine.sweep.sweep import Sweep
from ...engine.virtual import VirtualError
from ...engine.workloads import WorkloadError
from ...profiles.checks import workload_problems
from ...sessions.exit_codes import ExitCode
from ...sessions.folder import sessions_folder
from ...sessions.sweep.document import document, to_json
from ...sessions.sweep.ending import exit_code
from ...sessions.sweep.file import SweepFile, SweepFileError, find, load
from ...sessions.sweep.sensitivity_table import render
from ..sweeping import run_sweep
from ..usage import UsageError


def kept_sweep(typed: str) -> Sweep:
    """The sweep that a person means, as it stands in its file; raises UsageError."""
    try:
        return load(find(sessions_folder(), typed))
    except SweepFileError as error:
        raise UsageError(f"--show: {error}") from None


def across(plan: SweepPlan, arguments: argparse.Namespace) -> int:
    """Make the sweep of `plan` under each workload asked for, and print how each backend takes them."""
    made: list[Sweep] = []
    for each in _plans(plan, arguments.across):
        made.append(_made(_within(each, sum(sweep.progress.spent_usd for sweep in made))))
        if made[-1].stopped_by:
            break
    if arguments.json:
        sys.stdout.buffer.write(to_json({"schema": "infertop.sweeps/1", "sweeps": [document(each) for each in made]}))
    else:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        sys.stdout.write(render(made, shutil.get_terminal_size((120, 24)).columns, colour=colour))
    codes = [exit_code(each, gate=arguments.gate) for each in made]
    return next((code for code in codes if code is not ExitCode.OK), ExitCode.OK)


def _plans(plan: SweepPlan, workloads: Sequence[str]) -> list[SweepPlan]:
    """`plan` under each of `workloads`; raises UsageError before anything is sent."""
    made = []
    for typed in workloads:
        workload = with_workload(plan.plan.workload, typed)
        for problem in workload_problems(workload):
            raise UsageError(f"--across {typed}: {problem.what}")
        made.append(replace(plan, plan=replace(plan.plan, workload=workload)))
    return made


def _within(plan: SweepPlan, spent_usd: float) -> SweepPlan:
    """`plan` with what `spent_usd` leaves of its budget, which is that of all the sweeps together."""
    if plan.plan.budget_usd is None:
        return plan
    return replace(plan, plan=replace(plan.plan, budget_usd=max(plan.plan.budget_usd - spent_usd, 0.0)))


def _made(plan: SweepPlan) -> Sweep:
    try:
        file = SweepFile.new(sessions_folder(), plan)
    except SweepFileError as error:
        raise UsageError(str(error)) from None
    try:
        return asyncio.run(run_sweep(Sweeper(plan, file.keep, started_utc=file.started_utc), sys.stderr))
    except (VirtualError, WorkloadError) as error:
        raise UsageError(str(error)) from None
    finally:
        file.close()
