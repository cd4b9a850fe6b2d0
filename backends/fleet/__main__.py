"""`python -m infertop.backends.fleet`: serve simulated stacks until told to stop.

Prints one JSON line when it listens (`process.Ready`), or one that says why it cannot.
"""

import argparse
import asyncio
import gc
import os
import signal
import sys
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import msgspec

from .. import event_loop
from .faults import Fault
from .process import Ready, stack_named
from .server import serve
from .stacks import STACKS, StackError


def main() -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m infertop.backends.fleet",
        description="Simulated inference stacks as OpenAI-compatible servers.",
    )
    parser.add_argument("stacks", nargs="*", metavar="STACK", help=f"which (default: all): {', '.join(STACKS)}")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=0, help="port to listen on (default: a free one)")
    parser.add_argument(
        "--seed", type=int, default=1, help="of answer lengths and step scatter (default: %(default)s)"
    )
    parser.add_argument("--faults", default="{}", help="faults to inject, as JSON: lists of them by stack")
    parser.add_argument("--stop-with-stdin", action="store_true", help="stop when standard input closes")
    options = parser.parse_args()
    try:
        stacks = {name: stack_named(name) for name in options.stacks or STACKS}
    except StackError as error:
        parser.error(str(error))
    faults = msgspec.json.decode(options.faults, type=dict[str, tuple[Fault, ...]])
    served = serve(stacks, host=options.host, port=options.port, seed=options.seed, faults=faults)
    return event_loop.run(_serve(served, options.host, options.port, options.stop_with_stdin))


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)


async def _serve(served: AbstractAsyncContextManager[int], host: str, port: int, stop_with_stdin: bool) -> int:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for which in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(which, stop.set)
    if stop_with_stdin:
        loop.add_reader(sys.stdin.fileno(), _stop_at_end, stop)
    async with AsyncExitStack() as resources:
        try:
            bound = await resources.enter_async_context(served)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
            _say(Ready(error=f"cannot listen on {host} port {port}: {reason}"))
            return 1
        gc.freeze()  # what is there now stays; collections need not look at it again
        _say(Ready(host=host, port=bound))
        await stop.wait()
    return 0


def _stop_at_end(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        stop.set()


def _say(ready: Ready) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(ready) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
