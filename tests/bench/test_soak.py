"""The soak for a third of a minute: nothing grows, nothing drifts; and it would be told if it did."""

import dataclasses
import sys

import pytest
from msgspec.structs import replace

from . import soak

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
    pytest.mark.timeout(120),
]

SLACK_MB = 8.0


def test_twenty_seconds_with_journal_and_console(tmp_path):
    report = soak.soak(0.35, 4, tmp_path)
    print("\n" + "\n".join(report.lines()))
    assert set(report.end.rss_mb) == {"screen", "host", "engine", "observer", "fleet"}
    assert report.shown.stop_reason == "duration"
    assert report.faults(SLACK_MB) == []
    assert all(each.finished for each in report.journal.values())
    assert report.end.frame_cpu_ms < 10 * report.start.frame_cpu_ms
    assert report.end.drawn_bytes > 100, "the console draws to the end"

    name, last = next(iter(report.shown.screen.items()))
    report.shown.screen[name] = replace(last, output_tokens=last.output_tokens + 1)
    report.end = dataclasses.replace(
        report.end,
        rss_mb=report.end.rss_mb | {"host": report.start.rss_mb["host"] + SLACK_MB + 1},
        descriptors=report.end.descriptors | {"engine": 0},
    )
    told = report.faults(SLACK_MB)
    assert len(told) == 4, told
    assert told[0].startswith("host grew by 9.0 MB")
    assert told[1].startswith("descriptors went from")
    assert "the last frame has" in told[2]
    assert "the journal has" in told[3]
