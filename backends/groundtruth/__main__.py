"""`python -m infertop.backends.groundtruth`: serve tokens at known times until told to stop."""

import argparse
import gc
import os
import socket
import sys

from .server import Server
from .wire import Pace

_EPILOG = """\
examples:
  python -m infertop.backends.groundtruth --port 8100
  infertop http://127.0.0.1:8100 --concurrency 32 --headless    from another terminal
  curl -o truth.bin http://127.0.0.1:8100/log                   when it is done: every true write time

A request's own "ttft_ms", "gap_ms" and "max_tokens" go before the flags.
"""


def main() -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m infertop.backends.groundtruth",
        description="An OpenAI-compatible server that knows when it wrote each token.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    usual = Pace()
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--port", type=int, default=8100, help="port on 127.0.0.1 (default: %(default)s)")
    where.add_argument("--listener", type=int, metavar="FD", help="a listening socket to take over instead")
    parser.add_argument("--ttft-ms", type=float, default=usual.ttft_ms, help="default: %(default)s")
    parser.add_argument("--gap-ms", type=float, default=usual.gap_ms, help="0: flat out (default: %(default)s)")
    parser.add_argument("--tokens", type=int, default=usual.tokens, help="of an answer (default: %(default)s)")
    parser.add_argument("--stop-with-stdin", action="store_true", help="stop when standard input closes")
    options = parser.parse_args()
    try:
        if options.listener is None:
            listener = socket.create_server(("127.0.0.1", options.port), backlog=4096)
        else:
            listener = socket.socket(fileno=options.listener)
    except (OSError, OverflowError) as error:
        parser.exit(1, f"cannot listen on 127.0.0.1 port {options.port}: {_reason(error)}\n")
    server = Server(listener, Pace(options.ttft_ms, options.gap_ms, options.tokens))
    if options.stop_with_stdin:
        server.stop_with(sys.stdin.fileno())
    gc.disable()  # nothing here makes cycles, and a collection would make a token late
    try:
        server.run()
    except KeyboardInterrupt:
        return 130
    return 0


def _reason(error: Exception) -> str:
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)


if __name__ == "__main__":
    sys.exit(main())
