"""Memory: the engine after many chunks beside the same engine after a tenth of them.

    INFERTOP_GROUNDTRUTH=groundtruth.c python -m tests.bench.memory

One run, closed loop, as fast as the server writes; its reference is its own state after the first tenth.
"""

import argparse
import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .capacity import ENGINE_CORE, SERVER_CORE, plan_for
from .truth import VARIABLE, serving, source_given
from .watched import watch

STREAMS = 64
TOKENS = 512


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident megabytes of the engine's process.

    Attributes:
        chunks: counted in the whole run.
        early_mb: the most in the frames up to a tenth of them.
        late_mb: the most in the frames after nine tenths of them.
    """

    chunks: int
    early_mb: float
    late_mb: float

    def line(self) -> str:
        """The figures as one row."""
        return f"{self.chunks // 10:12,} {self.early_mb:8.1f} {self.chunks:12,} {self.late_mb:8.1f}"


HEADING = f"{'chunks':>12} {'MB':>8} {'chunks':>12} {'MB':>8}"


async def measure(source: Path, chunks: int) -> Memory:
    """About `chunks` chunks through one engine."""
    with (
        tempfile.TemporaryDirectory() as name,
        serving(Path(name), source=source, core=SERVER_CORE) as server,
    ):
        plan = plan_for(server.url, STREAMS, chunks // TOKENS, TOKENS)
        watched = await watch(plan, engine_core=ENGINE_CORE, own_core=SERVER_CORE)
    total = watched.last.backends[0].chunks
    early = [sample.rss_mb for sample in watched.samples if sample.chunks <= total / 10]
    late = [sample.rss_mb for sample in watched.samples if sample.chunks >= total * 9 / 10]
    return Memory(total, max(early), max(late))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=Path, default=source_given(), help=f"C source ({VARIABLE})")
    parser.add_argument("--chunks", type=int, default=10_000_000)
    options = parser.parse_args()
    if options.server is None:
        parser.error(f"name a ground-truth server with --server or {VARIABLE}")
    print(HEADING)
    print(asyncio.run(measure(options.server, options.chunks)).line())


if __name__ == "__main__":
    main()
