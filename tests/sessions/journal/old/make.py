"""Writes a recording as this infertop makes it, to be opened by every later one: `python make.py schemaN.itop`.

Run it once when a schema or frame version is released, from the repository's root; the file never changes after that.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from infertop.engine.commands import SetConcurrency
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, SloPlan, WorkloadPlan
from infertop.sessions.session import Session
from infertop.sessions.wire import Order


async def main(target: Path) -> None:
    """A run of four seconds over two simulated stacks and a port where nobody answers."""
    backends = (
        BackendPlan(name="Groq LPU", url="sim:groq"),
        BackendPlan(name="Cerebras", url="sim:cerebras"),
        BackendPlan(name="nobody", url="http://127.0.0.1:9/v1", model="m"),
    )
    plan = RunPlan(
        title="as it was",
        backends=backends,
        workload=WorkloadPlan(source="classification", max_tokens=8),
        arrivals=ArrivalsPlan(concurrency=2),
        slo=SloPlan(ttft_ms=500),
        seed=1,
        duration_s=4.0,
    )
    with tempfile.TemporaryDirectory() as folder:
        session = await Session.start(Order(plan=plan, folder=folder, file=str(target)))
        asked = False
        async for frame in session.frames():
            if frame.at_ns > 2_000_000_000 and not asked:
                session.send(SetConcurrency(3))
                asked = True
            last = frame
        await session.stop()
    print({each.name: (each.finished, each.failed, each.output_tokens) for each in last.backends}, last.at_ns)


asyncio.run(main(Path(sys.argv[1]).absolute()))
