"""`infertop fleet`: the simulated fleet alone, as OpenAI-compatible servers for any client."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Iterable
from typing import Final

from ...backends import event_loop
from ..usage import UsageError

HELP: Final = "serve the simulated fleet as OpenAI-compatible endpoints, for any client"
EPILOG: Final = """\
examples:
  infertop fleet                             all six stacks, on port 9000
  infertop fleet --port 0 h200 groq          two of them, on a free port
  curl http://127.0.0.1:9000/h200/v1/models  from another terminal
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """STACKs, port and seed."""
    parser.add_argument("stacks", metavar="STACK", nargs="*", help="h200, mi300x, …; all of them if none is named")
    parser.add_argument(
        "--port", type=int, default=9000, metavar="N", help="port on 127.0.0.1; 0 takes a free one (9000)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of answer lengths and scatter (1)")


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    from ...backends.fleet.stacks import STACKS  # noqa: PLC0415
    from ...profiles.problems import did_you_mean  # noqa: PLC0415

    for stack in arguments.stacks:
        if stack not in STACKS:
            hint = did_you_mean(stack, STACKS) or f"; there are {', '.join(STACKS)}"
            raise UsageError(f"{stack!r} is not a simulated stack{hint}")
    if not 0 <= arguments.port < 65536:
        raise UsageError(f"--port: {arguments.port} is no port; write 0 to 65535")
    try:
        event_loop.run(_serve(dict.fromkeys(arguments.stacks) or STACKS, arguments.port, arguments.seed))
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise UsageError(f"--port: cannot listen on 127.0.0.1:{arguments.port}: {reason}") from None
    return 0


async def _serve(stack_ids: Iterable[str], port: int, seed: int) -> None:
    from ...backends.fleet.server import serve  # noqa: PLC0415
    from ...backends.fleet.stacks import STACKS  # noqa: PLC0415

    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    stacks = [STACKS[stack_id] for stack_id in stack_ids]
    async with serve(stacks, host="127.0.0.1", port=port, seed=seed) as bound:
        width = max(len(stack.title) for stack in stacks)
        for stack in stacks:
            sys.stdout.write(f"SIM  {stack.title:{width}}  http://127.0.0.1:{bound}/{stack.id}/v1\n")
        sys.stdout.write("simulated, not measured hardware; Ctrl-C ends it\n")
        sys.stdout.flush()
        await ended.wait()
