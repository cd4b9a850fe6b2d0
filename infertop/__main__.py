"""`python -m infertop`."""

import sys

from .tui.cli import main

sys.exit(main())
