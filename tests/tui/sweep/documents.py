"""Two documents of one sweep, kept as they were: `infertop sweep` of four simulated stacks in virtual time.

Both are of the profile `fleet` with H200, TPU v6e, Inferentia2 and Cerebras, 1 to 64 in flight, p95 TTFT under
300 ms, less the histograms that the screen does not read. Kept, not made anew: a file of today must be readable
tomorrow, and the pictures here must not change with the search.
"""

import gzip
from pathlib import Path

import msgspec
from msgspec.structs import replace

from infertop.engine.sweep.sweep import Curve, Sweep

_FOLDER = Path(__file__).parent


def _read(name: str) -> Sweep:
    return msgspec.json.decode(gzip.decompress((_FOLDER / f"{name}.json.gz").read_bytes()), type=Sweep)


RUNNING = _read("running")
DONE = _read("done")


def with_curve(sweep: Sweep, at: int, curve: Curve) -> Sweep:
    """`sweep` with another curve in place of number `at`."""
    return replace(sweep, curves=(*sweep.curves[:at], curve, *sweep.curves[at + 1 :]))
