"""Recordings of every schema there was open, with the figures they had."""

from pathlib import Path

import pytest

from infertop.engine.histogram import Histogram
from infertop.sessions.journal.reader import open_recording

OLD = Path(__file__).with_name("old")


def test_schema_1():
    with open_recording(OLD / "schema1.itop") as recording:
        facts, last = recording.facts, recording.last_frame()
        frames, requests = list(recording.frames()), list(recording.requests())
        markers, kinds = recording.markers(), {event.kind for event in recording.events()}
    assert (facts.title, facts.plan.slo.ttft_ms, facts.finished, facts.stop_reason) == (
        "as it was",
        500,
        True,
        "duration",
    )
    assert len(frames) == 9
    assert frames[-1] == last
    assert (last.at_ns, last.phase, [marker.text for marker in markers]) == (4894024266, "done", ["concurrency 3"])
    assert {"phase", "down", "error", "end"} <= kinds
    counts = [(each.name, each.finished, each.failed, each.output_tokens) for each in last.backends]
    assert counts == [("Groq LPU", 44, 0, 352), ("Cerebras", 95, 0, 760), ("nobody", 0, 9, 0)]
    medians = {"Groq LPU": 192.462, "Cerebras": 95.573}
    for backend in last.backends:
        own = [each for each in requests if each.backend == backend.name]
        assert len(own) == backend.finished + backend.failed
        assert sum(each.output_tokens for each in own) == backend.output_tokens
        if backend.name in medians:
            median_ms = Histogram.of(backend.histograms["ttft"]).quantile_ns(0.5) / 1e6
            assert median_ms == pytest.approx(medians[backend.name], abs=0.001)
