"""A view's process: `python -m infertop.tui.web.console FD WORDS…` is `infertop WORDS…` while FD is held open.

The other end of FD belongs to the server. When the server is gone, however that happened, this process ends as it
would on SIGTERM: nobody could see it any more, and it must not send load for ever.
"""

import os
import signal
import sys
import threading
import time

from ..cli import main

_END_S = 10.0


def _end_with(lifeline: int) -> None:
    """Wait until `lifeline` is let go, then end this process."""
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_END_S)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_end_with, args=(int(sys.argv[1]),), daemon=True).start()
    sys.exit(main(sys.argv[2:]))
