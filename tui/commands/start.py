"""From a plan to an exit code: the console or a headless run, then the summary on stdout."""

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from ...backends.adapters.registry import PLACED, open_backend
from ...backends.credentials import CredentialError, resolve
from ...backends.printable import printable
from ...backends.transport.tls import INSECURE, unchecked
from ...backends.urls import UrlError
from ...engine.cluster.address import MISSING, has_ray
from ...engine.cost import ApiPrice
from ...engine.estimate import estimate
from ...engine.frame import Frame
from ...engine.inbox import EngineError
from ...engine.plan import BackendPlan, RunPlan
from ...engine.workloads import WorkloadError
from ...profiles.library import plan_of
from ...profiles.load import dump
from ...profiles.problems import ProfileError
from ...profiles.schema import from_plan, with_prompts_from
from ...sessions.exit_codes import ExitCode, exit_code
from ...sessions.export.files import ExportError
from ...sessions.folder import sessions_folder
from ...sessions.journal.reader import RecordingError, open_recording
from ...sessions.journal.rotation import most_bytes
from ...sessions.library import find
from ...sessions.money import estimate_lines
from ...sessions.session import Session
from ...sessions.summary import document, to_json
from ...sessions.table import render
from ...sessions.wire import Order
from ..config import load_keys
from ..usage import UsageError
from ..watched import on_a_screen
from .export import check_export, export_end
from .targets import in_the_clear

if TYPE_CHECKING:
    from ..keys import Keys

DEFAULT_DURATION_S: Final = 10.0
"""How long a run lasts that nobody watches and nothing else ends."""

DEFAULT_BUDGET_USD: Final = 1.0
"""Cap on the spend at real APIs when none was given."""

_UNCHECKED: Final = " · INSECURE: certificates not checked"


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


def recorded_plan(session: str) -> RunPlan:
    """The plan of a recorded session, as it was; raises UsageError."""
    try:
        with open_recording(find(sessions_folder(), session)) as recording:
            return recording.facts.plan
    except RecordingError as error:
        raise UsageError(str(error)) from None


def start(plan: RunPlan, arguments: argparse.Namespace) -> int:
    """Run `plan` in the form asked for, print its summary and return the exit code."""
    if arguments.detach and plan.duration_s is None and plan.requests is None:
        raise UsageError("--detach needs an end, for nobody watches: give --duration or --requests")
    form = _form(arguments)
    plan = with_trust(with_limits(plan, form), insecure=arguments.insecure)
    if arguments.export:
        check_export(arguments)
    if arguments.lengths_only and not arguments.virtual:
        raise UsageError("--lengths-only belongs to --virtual: a server needs the prompts themselves")
    if arguments.virtual:
        return _as_if(plan, arguments, form)
    for line in warnings(plan):
        sys.stderr.write(f"infertop: {line}\n")
    _check_cluster(plan)
    check_keys(plan)
    keys = load_keys(arguments.config) if form is Form.CONSOLE else None
    if form is Form.CONSOLE and not arguments.detach and not _wanted(plan, arguments, keys):
        sys.stderr.write("infertop: nothing was sent\n")
        return ExitCode.OK
    order = session_order(plan, arguments)
    try:
        if arguments.detach:
            return asyncio.run(_detached(order))
        frame, file = asyncio.run(_console(order, keys) if form is Form.CONSOLE else _headless(order))
    except EngineError as error:
        sys.stderr.write(f"infertop: {error}\n")
        return ExitCode.FAILED
    if frame is None:
        return ExitCode.OK
    return _tell(frame, form, arguments, plan, file)


def _as_if(plan: RunPlan, arguments: argparse.Namespace, form: Form) -> int:
    """Simulate `plan` in virtual time and print its summary."""
    from ...engine.virtual import VirtualError  # noqa: PLC0415  only here
    from ..as_if import run_as_if  # noqa: PLC0415

    if arguments.record or arguments.detach:
        raise UsageError("--virtual keeps no journal and runs in the foreground: leave --record and --detach out")
    try:
        frame = run_as_if(plan, sys.stderr, lengths_only=arguments.lengths_only)
    except (VirtualError, WorkloadError) as error:
        raise UsageError(f"--virtual: {error}") from None
    return _tell(frame, form, arguments, plan, "")


def _form(arguments: argparse.Namespace) -> Form:
    if arguments.json:
        return Form.JSON
    if arguments.once:
        return Form.ONCE
    return (
        Form.CONSOLE if on_a_screen(stderr=True) and not arguments.headless and not arguments.virtual else Form.TABLE
    )


def with_limits(plan: RunPlan, form: Form) -> RunPlan:
    """`plan` with an end when nobody watches, and a cap when it spends real money."""
    if form is not Form.CONSOLE and plan.duration_s is None and plan.requests is None:
        plan = msgspec.structs.replace(plan, duration_s=DEFAULT_DURATION_S)
    if plan.budget_usd is None and any(map(_bills_tokens, plan.backends)):
        plan = msgspec.structs.replace(plan, budget_usd=DEFAULT_BUDGET_USD)
    return plan


def with_trust(plan: RunPlan, *, insecure: bool) -> RunPlan:
    """`plan`, its title saying so where certificates go unchecked: on screens, in the journal, in exports."""
    if insecure:
        os.environ[INSECURE] = "1"
    title = plan.title.removesuffix(_UNCHECKED)
    if unchecked() and any(map(_encrypted, plan.backends)):
        title += _UNCHECKED
    return msgspec.structs.replace(plan, title=title)


def _encrypted(backend: BackendPlan) -> bool:
    return not backend.url.startswith(("sim:", "http:"))


def _bills_tokens(backend: BackendPlan) -> bool:
    return isinstance(backend.price, ApiPrice) and not backend.url.startswith("sim:")


def warnings(plan: RunPlan) -> Iterator[str]:
    """What a person should know before anything is sent."""
    if plan.budget_usd is not None and any(map(_bills_tokens, plan.backends)):
        yield f"API spend is capped at ${plan.budget_usd:.2f} (--budget)"
        yield from (f"estimate: {line}" for line in _costs(plan))
    yield from _cautions(plan)


def _cautions(plan: RunPlan) -> Iterator[str]:
    """What does not speak for a plan, its cost apart."""
    for backend in plan.backends:
        if (backend.key or backend.api in PLACED) and backend.price is None:
            yield f"no price is known for {backend.name}: its cost is not shown and no budget holds it"
        if in_the_clear(backend):
            yield f"{backend.name} is reached over http: its key crosses the network unencrypted"
        if unchecked() and _encrypted(backend):
            yield (
                f"INSECURE: the certificate of {backend.name} is not checked: whoever stands between can read the "
                "prompts and the key, and answer in its place"
            )
    cores = os.cpu_count() or 1
    if plan.workers > cores and not plan.ray:
        yield f"{plan.workers} workers on {cores} cores take them from each other (--workers)"


def _costs(plan: RunPlan) -> list[str]:
    """What it will cost in real money; nothing where the prompts cannot be made, of which the engine tells."""
    real = tuple(backend for backend in plan.backends if not backend.url.startswith("sim:"))
    with suppress(WorkloadError):
        return list(estimate_lines(estimate(msgspec.structs.replace(plan, backends=real))))
    return []


def _wanted(plan: RunPlan, arguments: argparse.Namespace, keys: "Keys | None") -> bool:
    """Whether a run in the console shall start; where it costs, a person is shown what it will cost first."""
    if arguments.yes or not (arguments.preflight or any(map(_bills_tokens, plan.backends))):
        return True
    from ..keys import DEFAULT  # noqa: PLC0415
    from ..screens.preflight import PreflightApp  # noqa: PLC0415  textual takes half a second
    from ..viewstate import ViewState, default_path  # noqa: PLC0415

    theme = ViewState(default_path()).theme
    app = PreflightApp(plan, _costs(plan), list(_cautions(plan)), theme, keys=keys or DEFAULT)
    return bool(app.run())


def _check_cluster(plan: RunPlan) -> None:
    """Raise UsageError when workers are to run on a cluster and what that takes is not installed."""
    if plan.ray and not has_ray():
        raise UsageError(f"--ray: {MISSING}")


def check_keys(plan: RunPlan) -> None:
    """Raise UsageError when a key that a backend needs cannot be had, or nothing says in which region it is.

    Workers on a cluster look for keys where they are, and say so themselves.
    """
    if plan.ray:
        return
    for backend in plan.backends:
        try:
            resolve(backend.key)
            if backend.api in PLACED and not backend.url:
                _check_place(backend)
        except (CredentialError, UrlError) as error:
            raise UsageError(f"{backend.name}: {error}") from None


def _check_place(backend: BackendPlan) -> None:
    """Raise UrlError or CredentialError when nothing says where a provider's API is."""
    adapter = open_backend(backend.api, url="", model=backend.model, key=backend.key)
    asyncio.run(adapter.aclose())


def session_order(plan: RunPlan, arguments: argparse.Namespace) -> Order:
    """The session that runs `plan`, kept as the flags say; raises UsageError."""
    if arguments.keep_text and arguments.no_record:
        raise UsageError("--keep-text keeps prompts and answers in the journal: leave out --no-record")
    file = Path(arguments.record).expanduser().absolute() if arguments.record else None
    if file is not None and file.exists():
        raise UsageError(f"--record {arguments.record}: exists already; a journal is always a new file")
    if file is not None and not file.parent.is_dir():
        raise UsageError(f"--record {arguments.record}: there is no folder {file.parent}")
    return Order(
        plan=msgspec.structs.replace(plan, workload=with_prompts_from(Path.cwd(), plan.workload)),
        folder=str(sessions_folder().absolute()),
        file=str(file or ""),
        record=not arguments.no_record,
        keep_text=arguments.keep_text,
        profile=dump(from_plan(plan)),
        most_bytes=_most_bytes(),
    )


def _most_bytes() -> int:
    try:
        return most_bytes(os.environ)
    except ValueError as error:
        raise UsageError(str(error)) from None


async def _headless(order: Order) -> tuple[Frame | None, str]:
    """The last frame, and the file of the journal."""
    from ..headless import run_headless  # noqa: PLC0415

    session = await Session.start(order)
    frame = await run_headless(session, sys.stderr)
    return frame, _tell_where(session)


async def _console(order: Order, keys: "Keys | None") -> tuple[Frame | None, str]:
    session = await Session.start(order)  # it loads while textual does, which takes half a second
    from ..console import run_console  # noqa: PLC0415

    frame = await run_console(session, order.plan, keys)
    return frame, _tell_where(session)


async def _detached(order: Order) -> ExitCode:
    session = await Session.start(order)
    async for frame in session.frames():
        if frame.phase in {"warmup", "running"}:
            break
    await session.detach()
    _tell_where(session)
    return ExitCode.OK


def _tell_where(session: Session) -> str:
    """Say where the session can be found from now on; the file of its journal, "" without one."""
    status = session.status
    if status is None:
        return ""
    if session.detached:
        sys.stderr.write(f"infertop: session {status.id} goes on: infertop attach {status.id} (--stop ends it)\n")
    if status.problem:
        sys.stderr.write(f"infertop: {printable(status.problem)} ({printable(status.file)})\n")
    elif status.file and not session.detached:
        sys.stderr.write(f"infertop: session {status.id} is recorded: infertop replay {status.id}\n")
    return status.file


def _tell(frame: Frame, form: Form, arguments: argparse.Namespace, plan: RunPlan, file: str) -> int:
    """Print the summary of a run that ended with `frame`, export it where that was asked for; the exit code."""
    _print(frame, form)
    if arguments.export:
        try:
            export_end(frame, arguments.export, plan, file)
        except (ExportError, RecordingError) as error:
            sys.stderr.write(f"infertop: --export: {error}\n")
            return ExitCode.FAILED
    return exit_code(frame)


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
