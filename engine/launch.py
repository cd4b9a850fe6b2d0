"""Starting one of our own processes with a socket to it. Imports little: it is the first thing a host does."""

import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .plan import RunPlan

Program = Literal["worker", "crew"]
"""An engine: one worker, or several and who watches over them."""

Launched = tuple["subprocess.Popen[bytes]", socket.socket]
"""A process, and our end of the socket pair to it."""


def launch(module: str, *arguments: str) -> Launched:
    """Start `python -m infertop.MODULE FD ARGUMENTS`, FD being its end of a socket pair.

    The process has no standard streams and a session of its own: Ctrl-C in the terminal does not reach it.

    Raises:
        OSError: it cannot be started.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", f"infertop.{module}", str(theirs.fileno()), *arguments],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
    return process, ours


def program_for(plan: "RunPlan") -> Program:
    """Which engine runs `plan`."""
    return "crew" if plan.workers > 1 or plan.ray else "worker"
