"""The host of a session, the process between a screen and the engine: `python -m infertop.sessions.host FD ENGINE`.

    screens ⇄ host ⇄ engine            one protocol (`engine.channel`) on both sides

It starts the engine before it loads anything else, so that both start at the same time, and then is what `hosting`
says. FD is its end of a socket pair to whoever starts the session; ENGINE is "worker" or "crew".
"""

import sys

from ..engine.launch import launch


def main() -> int:
    """Entry of the process."""
    engine = launch(f"engine.{sys.argv[2]}")
    from .hosting import serve  # noqa: PLC0415 - see above

    return serve(int(sys.argv[1]), engine)


if __name__ == "__main__":
    sys.exit(main())
