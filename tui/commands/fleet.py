"""`infertop fleet`: the simulated fleet alone, as OpenAI-compatible servers for any client."""

import argparse
import os
import signal
import sys
from typing import TYPE_CHECKING, Final

from ..usage import UsageError

if TYPE_CHECKING:
    from ...backends.fleet.faults import Fault
    from ...backends.fleet.stack import Stack

HELP: Final = "serve the simulated fleet as OpenAI-compatible endpoints, for any client"
EPILOG: Final = """\
stacks are words (h200, groq) or spelled out: ACCELERATOR[xCHIPS][/MODEL][/PRECISION][/KEY=VALUE…], where the keys are
replicas, batch and efficiency

faults are rate-limit (429), error (5xx), stall, cut (of the connection) and cold (a model that is being loaded), with
share=0..1 of the requests, after=S and for=S seconds, retry=S, status=N, stall=S, tokens=N; the same seed strikes the
same prompts. A PUT to /STACK/control/faults (a JSON list) or /STACK/control/stack ({"stack": …}) changes either.

examples:
  infertop fleet                                         all six stacks, on port 9000
  infertop fleet --port 0 h200 groq                      two of them, on a free port
  infertop fleet h100x8/llama-3.3-70b/fp8/replicas=2     eight chips a copy, two copies behind one address
  infertop fleet groq h200 --fault groq:rate-limit,share=0.2,after=30,for=20 --fault stall,share=0.01
  curl http://127.0.0.1:9000/h200/v1/models              from another terminal
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """STACKs, port, seed and faults."""
    parser.add_argument("stacks", metavar="STACK", nargs="*", help="h200, mi300x, …; all of them if none is named")
    parser.add_argument(
        "--port", type=int, default=9000, metavar="N", help="port on 127.0.0.1; 0 takes a free one (9000)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of answer lengths and scatter (1)")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="[STACK:]KIND[,KEY=VALUE…]",
        help="inject a fault into one stack or all; may be given several times",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    from ...backends.fleet.stacks import STACKS, StackError, find_stack  # noqa: PLC0415

    try:
        stacks = {name: find_stack(name) for name in arguments.stacks or STACKS}
    except StackError as error:
        raise UsageError(str(error)) from None
    faults = _faults(arguments.fault, list(stacks))
    if not 0 <= arguments.port < 65536:
        raise UsageError(f"--port: {arguments.port} is no port; write 0 to 65535")
    try:
        from ...backends import event_loop  # noqa: PLC0415  not for --help

        event_loop.run(_serve(stacks, arguments.port, arguments.seed, faults))
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise UsageError(f"--port: cannot listen on 127.0.0.1:{arguments.port}: {reason}") from None
    return 0


def _faults(typed: list[str], names: list[str]) -> "dict[str, list[Fault]]":
    """What to inject by stack; raises UsageError."""
    from ...backends.fleet.faults import FaultError, parse_fault  # noqa: PLC0415
    from ...profiles.problems import suggestion  # noqa: PLC0415

    found: dict[str, list[Fault]] = {name: [] for name in names}
    for text in typed:
        stack, colon, fault = text.rpartition(":")
        if colon and stack not in found:
            raise UsageError(f"--fault {text}: {stack!r} is not served{suggestion(stack, names)}")
        try:
            parsed = parse_fault(fault)
        except FaultError as error:
            raise UsageError(f"--fault {text}: {error}") from None
        for name in [stack] if colon else names:
            found[name].append(parsed)
    return found


async def _serve(stacks: "dict[str, Stack]", port: int, seed: int, faults: "dict[str, list[Fault]]") -> None:
    import asyncio  # noqa: PLC0415  not for --help

    from ...backends.fleet.server import serve  # noqa: PLC0415

    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with serve(stacks, host="127.0.0.1", port=port, seed=seed, faults=faults) as bound:
        width = max(len(stack.title) for stack in stacks.values())
        for name, stack in stacks.items():
            sys.stdout.write(f"SIM  {stack.title:{width}}  http://127.0.0.1:{bound}/{name}/v1\n")
        sys.stdout.write("simulated, not measured hardware; Ctrl-C ends it\n")
        sys.stdout.flush()
        await ended.wait()
