"""Fuzz targets, guided by coverage.

    pip install atheris
    python -m tests.fuzz.run sse --seconds 60
    python -m tests.fuzz.run --list

It begins with what is in `corpus/` and with recorded originals (`seeds`). What breaks a target is written to
`corpus/TARGET/`, where the tests replay it from then on; the exit status is 1.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from .seeds import CORPUS, seeds
from .targets import TARGETS

LONGEST = 512
"""Bytes of an input: short ones are cut in every way, and many a second."""

_COUNT = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


def supervise(target: str, seconds: int) -> int:
    """Fuzz in a process of its own, keep what it found; the exit status."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, data in enumerate(seeds(target)):
            (folder / f"seed{number}").write_bytes(data[:LONGEST])
        found = folder / "found-"
        command = [sys.executable, "-m", "tests.fuzz.guided", target, f"-max_total_time={seconds}"]
        command += [
            "-print_final_stats=1",
            f"-max_len={LONGEST}",
            "-timeout=20",
            f"-artifact_prefix={found}",
            str(folder),
        ]
        done = subprocess.run([*command, name], stderr=subprocess.PIPE, text=True, errors="replace", check=False)
        count = _COUNT.search(done.stderr)
        print(f"{target}: {int(count[1]) if count else 0:,} executions, exit status {done.returncode}", flush=True)
        findings = sorted(folder.glob("found-*"))
        if done.returncode and not findings:
            print(done.stderr[-3000:])
        for each in findings:
            data = each.read_bytes()
            kept = CORPUS / target / f"found-{hashlib.sha256(data).hexdigest()[:12]}"
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(data)
            print(f"  {kept}\n{done.stderr[:4000]}")
    return done.returncode


def main() -> int:
    """Run the command; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; default: each in turn")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: %(default)s)")
    parser.add_argument("--list", action="store_true", help="list the targets")
    options = parser.parse_args()
    if options.list:
        for name, target in TARGETS.items():
            print(f"{name:14}{(target.__doc__ or '').partition(chr(10))[0]}")
        return 0
    if unknown := set(options.target) - set(TARGETS):
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    if find_spec("atheris") is None:
        parser.error("atheris is not installed: pip install atheris")
    os.environ["PYTHONPATH"] = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
    return max(supervise(target, options.seconds) for target in options.target or TARGETS)


if __name__ == "__main__":
    sys.exit(main())
