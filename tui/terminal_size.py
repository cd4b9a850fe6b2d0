"""A terminal that does not say how large it is, as one of a container or a serial line may not: 0 × 0.

Libraries then assume different sizes, each redrawing for its own. Told one, the terminal tells it to all of them, and
still a better one once it knows it.
"""

import sys
import termios
from contextlib import suppress
from typing import Final

ASSUMED: Final = (24, 80)


def settle_size() -> None:
    """Give the terminal of standard output, if it is one and has no size, 24 rows of 80 columns."""
    with suppress(OSError, ValueError, termios.error):
        if 0 in termios.tcgetwinsize(sys.stdout.fileno()):
            termios.tcsetwinsize(sys.stdout.fileno(), ASSUMED)
