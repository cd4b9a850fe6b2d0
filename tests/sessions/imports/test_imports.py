"""Results of other tools: what is read from them, what they become, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from infertop.engine.histogram import Histogram
from infertop.sessions.diff.compare import diff
from infertop.sessions.diff.load import LoadError, load_all
from infertop.sessions.imports import read as reading
from infertop.sessions.imports.read import read_results
from infertop.sessions.imports.result import ForeignError, Result
from infertop.sessions.imports.session import frames_of, save
from infertop.sessions.journal.checks import check
from infertop.sessions.journal.reader import open_recording

HERE = Path(__file__).parent
SAMPLES = {
    "vllm-detailed.json": ("vLLM bench serve", 39, 1, 0, True),
    "vllm.json": ("vLLM bench serve", 39, 1, 0, False),
    "aiperf/profile_export.jsonl": ("AIPerf 0.10.0", 27, 1, 0, True),
    "aiperf/profile_export_aiperf.json": ("AIPerf 0.10.0", 27, 1, 0, True),
    "aiperf-statistics/profile_export_aiperf.json": ("AIPerf 0.10.0", 27, 1, 0, False),
    "guidellm.json": ("GuideLLM 0.5.0", 25, 1, 1, True),
}


def sample(name: str) -> Result:
    return read_results(HERE / name)[0]


def told(name: str) -> Any:
    return json.loads((HERE / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_is_known_by_what_is_in_it(name: str, tmp_path: Path) -> None:
    tool, finished, failed, unfinished, has_requests = SAMPLES[name]
    found = sample(name)
    assert (found.tool, found.finished, found.failed, found.unfinished) == (tool, finished, failed, unfinished)
    assert bool(found.requests) == has_requests != bool(found.stated)
    assert has_requests or any("own" in note for note in found.notes)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_result_becomes_a_session_that_can_be_read(name: str, tmp_path: Path) -> None:
    found = sample(name)
    path, facts = save(found, name, tmp_path, "mine")
    with open_recording(path) as recording:
        assert recording.facts.source == found.tool
        assert (recording.facts.name, recording.facts.finished) == ("mine", True)
        assert recording.facts.stated == facts.stated
        assert recording.count_requests() == len(found.requests)
        frames = list(recording.frames())
        assert len(frames) == len(recording.moments())
        assert any("imported from" in event.text for event in recording.events())
    assert [each.phase for each in frames] == ["running"] * (len(frames) - 1) + ["done"]
    for each in frames:
        check(each)
        backend = each.backends[0]
        assert backend.scheduled == backend.finished + backend.failed + backend.in_flight + backend.not_sent
        assert backend.label == "REPLAY"
    last = frames[-1].backends[0]
    assert (last.finished, last.failed, last.in_flight) == (found.finished, found.failed, found.unfinished)
    assert last.arriving_tokens == pytest.approx(last.output_tokens) == pytest.approx(found.output_tokens)
    assert b"secret" not in path.read_bytes()
    assert b"sk-live" not in path.read_bytes()


def test_vllm_figures_are_those_of_its_own_statistics() -> None:
    file, found = told("vllm-detailed.json"), sample("vllm-detailed.json")
    _, frames = frames_of(found, "file")
    last = frames[-1].backends[0]
    for theirs, ours in (("ttft", "ttft"), ("tpot", "tpot"), ("itl", "icl")):
        mean_ns = Histogram.of(last.histograms[ours]).mean_ns()
        assert mean_ns == pytest.approx(file[f"mean_{theirs}_ms"] * 1e6, rel=1e-3)
    assert last.errors == {"timeout": 1}
    assert found.started == "2026-11-20T18:05:12"
    assert found.arrivals is not None
    assert (found.arrivals.kind, found.arrivals.rate_per_s) == ("poisson", 2)
    assert last.active_ns / 1e9 == pytest.approx(file["duration"], rel=0.05)


def test_aiperf_leaves_its_warm_up_out_and_takes_the_units_it_states() -> None:
    lines = [json.loads(line) for line in (HERE / "aiperf/profile_export.jsonl").read_text().splitlines()]
    measured = [each for each in lines if each["metadata"]["benchmark_phase"] == "profiling" and not each["error"]]
    found = sample("aiperf/profile_export.jsonl")
    assert found.finished == len(measured)
    ttft_ms = sorted(each["metrics"]["time_to_first_token"]["value"] for each in measured)
    ours = sorted((each.ttft_ns or 0) / 1e6 for each in found.requests if each.status == "finished")
    assert ours == pytest.approx(ttft_ms)
    assert found.model == "qwen3-8b-fp8"
    assert found.seed == 42
    failed = next(each for each in found.requests if each.status == "failed")
    assert failed.message.startswith("RequestCancellation")


def test_guidellm_is_one_session_for_each_load(tmp_path: Path) -> None:
    first, second = read_results(HERE / "guidellm.json")
    assert first.arrivals is not None
    assert second.arrivals is not None
    assert (first.arrivals.kind, first.arrivals.concurrency) == ("closed", 4)
    assert (second.arrivals.kind, second.arrivals.rate_per_s) == ("constant", 3)
    ok = told("guidellm.json")["benchmarks"][1]["requests"]["successful"]
    assert [each.ttft_ns for each in second.requests if each.status == "finished"] == pytest.approx(
        [each["time_to_first_token_ms"] * 1e6 for each in ok], abs=1e3
    )
    late_ns = [each.scheduled_ns - (each.sent_ns or 0) for each in second.requests]
    assert late_ns == pytest.approx([-2e6] * 26, abs=1e3)  # an open loop: from when each was due
    assert [each.error for each in first.requests if each.error] == ["5xx"]


def test_results_are_compared_as_they_are_or_as_sessions(tmp_path: Path) -> None:
    path, _ = save(sample("vllm-detailed.json"), "file", tmp_path, "mine")
    whole, stated = str(HERE / "vllm-detailed.json"), str(HERE / "vllm.json")
    made = diff(load_all(tmp_path, [whole]), load_all(tmp_path, [str(path)]))
    assert {each.change for each in made.backends[0].metrics if each.change is not None} <= {0.0, 1.0}
    found = {
        each.metric: each
        for each in diff(load_all(tmp_path, ["mine"]), load_all(tmp_path, [stated])).backends[0].metrics
    }
    assert found["p50_ttft"].change == pytest.approx(1, rel=0.01)
    assert (found["p50_ttft"].verdict, found["p50_ttft"].why) == (
        "not known",
        "only its value is stated: give repeats",
    )
    again = diff(load_all(tmp_path, [stated] * 1 + [str(path)]), load_all(tmp_path, [stated, whole]))
    assert {each.metric: each.basis for each in again.backends[0].metrics}["p50_ttft"] == "repeats"
    with pytest.raises(LoadError, match="2 results at different loads"):
        load_all(tmp_path, [str(HERE / "guidellm.json")])


def mutated(**changes: object) -> bytes:
    return json.dumps(told("vllm-detailed.json") | changes).encode()


HOSTILE = {
    "empty": (b"", "no JSON"),
    "half": ((HERE / "vllm-detailed.json").read_bytes()[:-200], "no JSON"),
    "binary": (bytes(range(256)) * 10, "no JSON"),
    "a list": (b"[1, 2]", "it is no object; results of vllm bench serve, AIPerf and GuideLLM"),
    "other": (b'{"a": 1}', "nothing that is known here"),
    "other lines": (b'{"a": 1}\n{"a": 2}\n', "nothing that is known here"),
    "deep": (
        b'{"benchmarks": ' + b"[" * 100_000 + b"]" * 100_000 + b', "args": {}}',
        "cannot be read|no JSON|not as",
    ),
    "a string for a number": (mutated(duration="long"), "not as the tool writes it"),
    "strings in a list": (mutated(ttfts=["x"] * 40), "not as the tool writes it"),
    "lists that do not fit": (mutated(output_lens=[1, 2]), "output_lens has 2 values where ttfts has 40"),
    "a negative time": (mutated(ttfts=[-1.0] * 40), r"ttfts\[0\] is -1 s, which is no time"),
    "a time of ages": (mutated(ttfts=[1e300] * 40), r"ttfts\[0\] is 1e\+300 s, which is no time"),
    "no number at all": (mutated(duration=float("nan")), "NaN"),
    "an endless number": (mutated(duration=float("inf")), "Infinity"),
    "too large a number": (mutated(completed=10**400), "no"),
    "a negative count": (mutated(completed=-5, failed=1), "completed is -5, which is no count"),
    "nothing in it": (mutated(completed=0, failed=0, ttfts=None), "no request in it has ended"),
    "no benchmark": (b'{"benchmarks": [], "args": {}}', "it holds no benchmark"),
    "old GuideLLM": (
        json.dumps(
            {"args": {}, "benchmarks": [{"metrics": {}, "requests": {"successful": [{"prompt_tokens": 1}]}}]}
        ).encode(),
        "before 0.4",
    ),
    "a unit of no time": (
        b'{"metadata": {"request_start_ns": 1}, "metrics": {"request_latency": {"value": 1, "unit": "kg"}}}\n' * 2,
        "is in kg, which is no time",
    ),
    "a start before all time": (
        b"".join(
            b'{"metadata": {"request_start_ns": %d}, "metrics": {}}\n' % at for at in (-(9 * 10**18), 9 * 10**18)
        ),
        "which is no time",
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_cannot_be_is_refused_in_words(what: str, tmp_path: Path) -> None:
    data, words = HOSTILE[what]
    path = tmp_path / "file\x1b[31m.json"
    path.write_bytes(data)
    with pytest.raises(ForeignError, match=words) as caught:
        read_results(path)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 700


def test_files_that_are_none_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ForeignError, match="no such file"):
        read_results(tmp_path / "nothing.json")
    with pytest.raises(ForeignError, match="not a file"):
        read_results(tmp_path)
    monkeypatch.setattr(reading, "MOST_BYTES", 1000)
    with pytest.raises(ForeignError, match="is the most"):
        read_results(HERE / "vllm.json")


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    evil = "\x1b]0;x\x07<script>\u202e" + "y" * 100_000
    path = tmp_path / "file.json"
    path.write_bytes(mutated(model_id=evil, label=evil, date=evil, infertop_label=evil, errors=[evil] * 40))
    found = read_results(path)[0]
    facts, frames = frames_of(found, "file")
    for text in (found.title, found.backend, found.model, facts.title, frames[-1].backends[0].last_error):
        assert "\x1b" not in text
        assert len(text) < 400
    assert (found.started, found.label) == ("", "REPLAY")


def test_names_of_sessions_lead_nowhere(tmp_path: Path) -> None:
    """A title from a file is no path."""
    path = tmp_path / "file.json"
    path.write_bytes(mutated(model_id="../../etc/passwd/.."))
    folder = tmp_path / "sessions"
    made, _ = save(read_results(path)[0], "file", folder, "../../evil")
    assert made.parent == folder
    assert {each.name for each in tmp_path.iterdir()} == {"file.json", "sessions"}


def test_a_label_of_ours_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(mutated(infertop="0.1.0", infertop_label="SIM", label="H200 ×4"))
    found = read_results(path)[0]
    assert (found.label, found.backend, found.tool) == ("SIM", "H200 ×4", "infertop 0.1.0, as vLLM bench serve")
