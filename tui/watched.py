"""Whether somebody watches."""

import os
import sys


def on_a_screen(*, stderr: bool = False) -> bool:
    """Whether a console would be seen: in a terminal (with `stderr`, that too is one), or in a view of a browser."""
    if os.environ.get("TEXTUAL_DRIVER"):
        return True
    streams = (sys.stdin, sys.stdout, sys.stderr) if stderr else (sys.stdin, sys.stdout)
    return all(stream.isatty() for stream in streams)
