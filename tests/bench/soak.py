"""A soak: six simulated backends, a journal and a console that draws, for as long as it takes to see what grows.

    python -m tests.bench.soak --minutes 60 --concurrency 24

24 requests in flight at each are about 20,000 tok/s in all where there are cores for it. Every process is a real one;
the console draws on a pseudo-terminal that is read all the time. Figures are printed for a stretch after the start
and one before the end; whether anything has drifted between screen, frames and journal is said below them. The exit
status is 1 if it has, or if something grew (`Report.faults`).
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from msgspec.structs import replace

from infertop.engine.frame import Frame, encode
from infertop.engine.histogram import Histogram
from infertop.engine.plan import ArrivalsPlan, RunPlan
from infertop.profiles.library import plan_of
from infertop.sessions.journal.reader import Recording, open_recording
from infertop.sessions.wire import Order

from .soak_console import Beat, Shown, Totals

ROOT = Path(__file__).resolve().parents[2]
ROLES = {
    b"bench.soak_console": "screen",
    b"infertop.sessions.host": "host",
    b"infertop.engine.worker": "engine",
    b"infertop.backends.observe": "observer",
    b"infertop.backends.fleet": "fleet",
}
_WARM_S = 900.0
"""The console keeps a quarter of an hour second by second: until then it has to grow."""

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass(frozen=True, slots=True)
class Process:
    """One process at one moment."""

    rss_mb: float
    descriptors: int
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Sample:
    """All processes at one beat of the console, and what the terminal has received."""

    beat: Beat
    drawn_bytes: int
    processes: dict[str, Process]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Figures of some seconds of the run.

    Attributes:
        rss_mb: median resident set, by process.
        descriptors: most open at a time, by process.
        cpu_share: of one core, by process.
        lag_p50_ms, lag_p99_ms: of the engine's event loop.
        frame_cpu_ms: of the console, for each frame it took.
        frame_bytes: encoded size of the newest frame.
        drawn_bytes: written to the terminal for each frame.
        engine_cpu_s: of the engine, per million tokens.
        tok_s: of all backends.
    """

    rss_mb: dict[str, float]
    descriptors: dict[str, int]
    cpu_share: dict[str, float]
    lag_p50_ms: float
    lag_p99_ms: float
    frame_cpu_ms: float
    frame_bytes: int
    drawn_bytes: float
    engine_cpu_s: float
    tok_s: float


@dataclass(slots=True)
class Report:
    """What came of a soak.

    Attributes:
        seconds: run time of the last sample.
        start, end: a stretch after the warm-up and one before the end.
        shown: what the console told at the end.
        journal: the journal's own sums, by backend.
        journal_mb: its size.
        peak_mb: largest resident set of each process.
        left: whether a process outlived the session.
    """

    seconds: float
    start: Stretch
    end: Stretch
    shown: Shown
    journal: dict[str, Totals]
    journal_mb: float
    peak_mb: dict[str, float]
    left: bool

    def faults(self, slack_mb: float) -> list[str]:
        """What is not as it must be; `slack_mb` is how much a process may grow between the two stretches."""
        found = [f"{name} grew by {grown:.1f} MB" for name, grown in self._growth().items() if grown > slack_mb]
        before, after = self.start.descriptors, self.end.descriptors
        if before != after:
            found.append(f"descriptors went from {before} to {after}")
        for what, totals in (("the last frame", self.shown.frame), ("the journal", self.journal)):
            found += [
                f"{name}: the screen shows {shown}, {what} has {totals.get(name)}"
                for name, shown in self.shown.screen.items()
                if not _same(shown, totals.get(name))
            ]
        if len(self.shown.screen) != len(self.journal):
            found.append(f"backends on screen: {len(self.shown.screen)}, in the journal: {len(self.journal)}")
        if self.left:
            found.append("a process outlived the session")
        return found

    def _growth(self) -> dict[str, float]:
        return {name: self.end.rss_mb[name] - first for name, first in self.start.rss_mb.items()}

    def lines(self) -> Iterator[str]:
        """The figures, to read."""
        yield f"{self.seconds:,.0f} s, {sum(each.output_tokens for each in self.journal.values()):,} tokens, "
        yield f"{sum(each.finished for each in self.journal.values()):,} answers, journal {self.journal_mb:.1f} MB"
        yield f"{'':22}{'start':>12}{'end':>12}{'peak':>12}"
        for name, first in self.start.rss_mb.items():
            yield f"{'MB, ' + name:22}{first:12.1f}{self.end.rss_mb[name]:12.1f}{self.peak_mb[name]:12.1f}"
        for name, descriptors in self.start.descriptors.items():
            yield f"{'descriptors, ' + name:22}{descriptors:12}{self.end.descriptors[name]:12}"
        for name, share in self.start.cpu_share.items():
            yield f"{'core %, ' + name:22}{share * 100:12.1f}{self.end.cpu_share[name] * 100:12.1f}"
        for label, what in (
            ("tok/s", "tok_s"), ("loop lag p50, ms", "lag_p50_ms"), ("loop lag p99, ms", "lag_p99_ms"),
            ("engine, CPU s/M tok", "engine_cpu_s"), ("frame, bytes", "frame_bytes"),
            ("console, CPU ms/frame", "frame_cpu_ms"), ("terminal, bytes/frame", "drawn_bytes"),
        ):  # fmt: skip
            yield f"{label:22}{getattr(self.start, what):12,.2f}{getattr(self.end, what):12,.2f}"


def _same(one: Totals, other: Totals | None) -> bool:
    """Equal, but for the order in which money was added up."""
    if other is None:
        return False
    near = (one.spent_usd is None) == (other.spent_usd is None) and (
        abs((one.spent_usd or 0) - (other.spent_usd or 0)) <= 1e-9 * max(abs(one.spent_usd or 0), 1)
    )
    return near and msgspec.structs.replace(one, spent_usd=None) == msgspec.structs.replace(other, spent_usd=None)


@dataclass
class _Terminal:
    """A pseudo-terminal read by a thread of its own."""

    ours: int
    theirs: int
    received: int = 0
    tail: bytes = b""
    thread: threading.Thread | None = field(default=None, repr=False)

    def read(self) -> None:
        while True:
            try:
                data = os.read(self.ours, 1 << 16)
            except OSError:  # the last process that had the other end is gone
                return
            self.received += len(data)
            self.tail = (self.tail + data)[-4000:]


@contextmanager
def terminal() -> Iterator[_Terminal]:
    """40 × 120."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (40, 120))
    made = _Terminal(ours, theirs)
    made.thread = threading.Thread(target=made.read, daemon=True)
    made.thread.start()
    try:
        yield made
    finally:
        os.close(theirs)
        made.thread.join(5)
        os.close(ours)


def plan(minutes: float, concurrency: int) -> RunPlan:
    """The built-in fleet of six, for so long."""
    return replace(
        plan_of("fleet"),
        title="soak",
        arrivals=ArrivalsPlan(concurrency=concurrency),
        duration_s=minutes * 60,
    )


def soak(minutes: float, concurrency: int, folder: Path, every: int = 60) -> Report:
    """Run it; the journal is left in `folder`, and every so many seconds a line on stderr says how it goes."""
    order = Order(plan=plan(minutes, concurrency), folder=str(folder))
    told, telling = os.pipe()
    environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT)}
    environment.pop("NO_COLOR", None)
    samples: list[Sample] = []
    shown = None
    everybody: set[int] = set()
    with terminal() as screen, os.fdopen(told, "rb") as lines:
        console = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.soak_console", str(telling), msgspec.json.encode(order).decode()],
            stdin=screen.theirs, stdout=screen.theirs, stderr=screen.theirs,
            pass_fds=(telling,), env=environment, cwd=ROOT, start_new_session=True,
        )  # fmt: skip
        os.close(telling)
        try:
            for line in lines:
                what = msgspec.json.decode(line, type=Beat | Shown)
                if isinstance(what, Shown):
                    shown = what
                    continue
                everybody = _below(console.pid)
                samples.append(Sample(what, screen.received, _processes(everybody)))
                if len(samples) % every == 0:
                    print(_told(samples[-1]), file=sys.stderr, flush=True)
            status = console.wait(30)
        finally:
            if console.poll() is None:
                console.kill()
                console.wait()
        assert status == 0, screen.tail.decode(errors="replace")
    assert shown is not None, "the run had no last frame"
    with open_recording(shown.file) as recording:
        return _report(samples, shown, recording, left=_left(everybody))


def _told(sample: Sample) -> str:
    sizes = "  ".join(f"{role} {process.rss_mb:.1f}" for role, process in sample.processes.items())
    return f"{sample.beat.at_ns / 1e9:6.0f} s  {sample.beat.tokens:14,.0f} tokens  MB: {sizes}"


def _below(pid: int) -> set[int]:
    """`pid` and all processes below it, whichever of its threads started them."""
    children: list[str] = []
    try:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            children += (thread / "children").read_text().split()
    except OSError:  # ended meanwhile
        pass
    return {pid}.union(*(_below(int(child)) for child in children))


def _left(pids: set[int]) -> bool:
    """Whether one of `pids` is there after 15 s."""
    end_s = time.monotonic() + 15
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        if time.monotonic() > end_s:
            return True
        time.sleep(0.1)
    return False


def _processes(pids: set[int]) -> dict[str, Process]:
    found = {}
    for pid in sorted(pids):
        folder = Path(f"/proc/{pid}")
        try:
            line = (folder / "cmdline").read_bytes()
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            descriptors = sum(1 for _ in (folder / "fd").iterdir())
            pages = int((folder / "statm").read_text().split()[1])
        except OSError:  # ended meanwhile
            continue
        role = next((role for word, role in ROLES.items() if word in line), "other")
        cpu_s = (int(fields[11]) + int(fields[12])) * _TICK_S
        found[role] = Process(pages * _PAGE_MB, descriptors, cpu_s)
    return found


def _report(samples: list[Sample], shown: Shown, recording: Recording, *, left: bool) -> Report:
    last_s = samples[-1].beat.at_ns / 1e9
    length_s = max(last_s / 10, 5.0)
    warm_s = min(last_s / 3, _WARM_S)
    peak: defaultdict[str, float] = defaultdict(float)
    for sample in samples:
        for role, process in sample.processes.items():
            peak[role] = max(peak[role], process.rss_mb)
    return Report(
        seconds=last_s,
        start=_stretch(samples, recording, warm_s, warm_s + length_s),
        end=_stretch(samples, recording, last_s - length_s, last_s),
        shown=shown,
        journal=_sums(recording, shown),
        journal_mb=os.path.getsize(shown.file) / 1e6,  # noqa: PTH202
        peak_mb=dict(peak),
        left=left,
    )


def _stretch(samples: list[Sample], recording: Recording, from_s: float, to_s: float) -> Stretch:
    chosen = [sample for sample in samples if from_s <= sample.beat.at_ns / 1e9 <= to_s]
    first, last = chosen[0], chosen[-1]
    seconds = (last.beat.at_ns - first.beat.at_ns) / 1e9
    frames = last.beat.frames - first.beat.frames
    before, after = recording.frame_at(first.beat.at_ns), recording.frame_at(last.beat.at_ns)
    lag = _lag(after) - _lag(before)
    tokens = last.beat.tokens - first.beat.tokens
    roles = sorted(role for role in last.processes if all(role in each.processes for each in chosen))
    cpu_s = {role: last.processes[role].cpu_s - first.processes[role].cpu_s for role in roles}
    return Stretch(
        rss_mb={role: statistics.median(each.processes[role].rss_mb for each in chosen) for role in roles},
        descriptors={role: max(each.processes[role].descriptors for each in chosen) for role in roles},
        cpu_share={role: cpu_s[role] / seconds for role in roles},
        lag_p50_ms=(lag.quantile_ns(0.5) or 0) / 1e6,
        lag_p99_ms=(lag.quantile_ns(0.99) or 0) / 1e6,
        frame_cpu_ms=(last.beat.cpu_s - first.beat.cpu_s) / frames * 1e3,
        frame_bytes=len(encode(after)),
        drawn_bytes=(last.drawn_bytes - first.drawn_bytes) / frames,
        engine_cpu_s=cpu_s["engine"] / tokens * 1e6,
        tok_s=tokens / seconds,
    )


def _lag(frame: Frame) -> Histogram:
    return Histogram.of(frame.client.loop_lag)


def _sums(recording: Recording, shown: Shown) -> dict[str, Totals]:
    """The requests in the journal added up; rent, which no request has, is the last frame's in it."""
    spent = {backend.name: backend.spent_usd for backend in recording.last_frame().backends}
    ended: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    billed: defaultdict[str, float] = defaultdict(float)
    for each in recording.requests():
        sums = ended[each.backend]
        sums[each.status != "finished"] += 1
        sums[2] += each.output_tokens or 0
        sums[3] += each.input_tokens or 0
        if each.cost_usd is not None:
            billed[each.backend] += each.cost_usd
    return {name: Totals(*sums, billed.get(name, spent.get(name))) for name, sums in ended.items()}


def main() -> int:
    """Print the figures; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--concurrency", type=int, default=24, help="requests in flight at each of the six")
    parser.add_argument("--slack", type=float, default=8.0, help="MB a process may grow by")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        report = soak(options.minutes, options.concurrency, Path(name))
    print("\n".join(report.lines()))
    faults = report.faults(options.slack)
    print("\n".join(faults) or "screen, last frame and journal agree; nothing grew; nothing is left")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
