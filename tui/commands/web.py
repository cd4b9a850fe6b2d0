"""`infertop web`: the console in a browser."""

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from ..usage import UsageError

HELP: Final = "the console in a browser, on this machine only unless told otherwise"
EPILOG: Final = """\
every view is a console of its own; closing its tab ends that view. Without a command a view shows the session that
runs, if one does: several views of it send no more load than one.

examples:
  infertop web                        watch the running session, or start what `infertop` starts
  infertop web --port 8080            at a port of your choice
  infertop web -- demo                the walkthrough
  infertop web -- run fleet           a run of its own for every view
"""

_CONSOLES: Final = ("run", "demo", "replay", "attach")
"""Command words that show a console; targets do too."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to show, and where to listen."""
    parser.usage = "%(prog)s [--host HOST] [--port PORT] [--insecure-host] [-- COMMAND ...]"
    parser.set_defaults(command_line=())
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (a free one)")
    parser.add_argument(
        "--insecure-host",
        action="store_true",
        help="let others reach it: without encryption, by anyone who learns the address",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    import asyncio  # noqa: PLC0415

    from ..web.guard import is_loopback  # noqa: PLC0415

    _check_words(arguments.command_line)
    loopback = is_loopback(arguments.host)
    if not loopback and not arguments.insecure_host:
        raise UsageError(
            f"--host {arguments.host} would let others steer this console and spend with your keys, unencrypted; "
            "if that is what you want, add --insecure-host"
        )
    if not 0 <= arguments.port <= 65_535:
        raise UsageError(f"--port {arguments.port} is not a port (0 to 65535)")
    try:
        import textual_serve  # noqa: F401, PLC0415
    except ImportError:
        raise UsageError("the browser needs the extra web: pip install 'infertop[web]'") from None
    try:
        asyncio.run(_serve(arguments.command_line, arguments.host, arguments.port, loopback=loopback))
    except OSError as error:
        raise UsageError(f"cannot listen on {arguments.host}: {error.strerror or error}") from None
    return 0


def _check_words(words: Sequence[str]) -> None:
    from ..cli import COMMANDS  # noqa: PLC0415

    if words and words[0] in COMMANDS and words[0] not in _CONSOLES:
        raise UsageError(f"infertop {words[0]} shows no console; {', '.join(_CONSOLES)} do, and servers to compare")


async def _serve(words: Sequence[str], host: str, port: int, *, loopback: bool) -> None:
    import asyncio  # noqa: PLC0415
    import signal  # noqa: PLC0415

    from ..web.guard import new_secret  # noqa: PLC0415
    from ..web.server import Server  # noqa: PLC0415

    server = Server(lambda: words or _what_runs(), new_secret(), loopback=loopback)
    address = await server.start(host, port)
    if not loopback:
        sys.stderr.write(
            "infertop: WARNING: anyone who learns this address can steer the console and spend with your keys, and "
            "nothing is encrypted; prefer a tunnel: ssh -L\n"
        )
    sys.stderr.write(f"infertop: open {address}  (ctrl+c ends it)\n")
    stop = asyncio.Event()
    for which in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(which, stop.set)
    await stop.wait()
    await server.stop()


def _what_runs() -> list[str]:
    """The command line of a view when none was given: of several sessions that run, the newest."""
    from ...sessions.folder import running, sessions_folder, socket_path  # noqa: PLC0415

    folder = sessions_folder()
    began = {session: socket_path(folder, session).stat().st_mtime_ns for session in running(folder)}
    return ["attach", max(began, key=began.__getitem__)] if began else []
