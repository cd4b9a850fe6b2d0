"""CSV, Markdown and vLLM results: complete, inert, and as others read them."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from infertop.sessions.export import markdown, spreadsheet, vllm
from infertop.sessions.export.registry import FORMATS
from infertop.sessions.export.snapshot import Snapshot
from infertop.sessions.journal.reader import open_recording
from infertop.sessions.summary import document, to_json

from ..frames import backend, frame, latencies, three
from ..journal.recordings import record, written
from .made import CHANGE, SECOND, recorded, snapshot_of
from .test_page import HOSTILE, hostile_frame


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    with open_recording(recorded(tmp_path_factory.mktemp("tables") / "run.itop")) as recording:
        yield snapshot_of(recording)


def rows(chunks: Iterator[str]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(chunks), newline=""), strict=True))


def test_a_row_a_request(snapshot: Snapshot) -> None:
    made = rows(spreadsheet.requests(snapshot))
    assert len(made) == 3 * 60 + 1
    first, failed = made[0], made[-1]
    assert (first["backend"], first["ttft_ms"], first["e2e_ms"], first["tpot_ms"]) == (
        "H200 ×4",
        "79.0",
        "499.0",
        "46.6667",
    )
    assert (failed["status"], failed["error"], failed["ttft_ms"]) == ("failed", "5xx", "")


def test_a_row_a_backend_and_step(snapshot: Snapshot) -> None:
    made = rows(spreadsheet.time_series(snapshot))
    assert len(made) == 3 * 60
    assert (made[0]["from_s"], made[0]["to_s"], made[0]["tok_s"], made[0]["finished"]) == ("0.0", "1.0", "500.0", "5")
    assert [row["to_s"] for row in made if row["changes"] == CHANGE] == ["30.0"] * 3
    assert made[0]["ttft_p95_ms"] == ""  # five answers support no percentile


def test_requests_of_a_moment_are_those_that_had_ended(snapshot: Snapshot) -> None:
    recording = snapshot.recording
    assert recording
    then = Snapshot(recording.frame_at(10 * SECOND), recording)
    ended = [float(row["scheduled_s"]) for row in rows(spreadsheet.requests(then))]
    assert ended
    assert max(ended) <= 10


@given(st.text(max_size=60))
def test_no_cell_is_a_formula_or_more_than_a_line(text: str) -> None:
    cell = spreadsheet.cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell.splitlines() in ([cell], [])


def test_hostile_requests_stay_in_their_cells(tmp_path: Path) -> None:
    evil = ("=cmd|' /C calc'!A0", "+1", "@SUM(A1)", '-2","x\n', "  =1", HOSTILE)
    records = [record(at, backend=text, message=text, workload=text) for at, text in enumerate(evil)]
    with open_recording(written(tmp_path / "x.itop", [three()], records)) as recording:
        made = rows(spreadsheet.requests(snapshot_of(recording)))
    assert len(made) == len(evil)
    for row in made:
        for field in ("backend", "message", "workload"):
            assert not row[field].startswith(("=", "+", "-", "@"))


def test_markdown_holds_the_table_and_the_answer(snapshot: Snapshot) -> None:
    text = "".join(markdown.page(snapshot))
    head, ruler, *body = [line for line in text.splitlines() if line.startswith("|")]
    assert len(body) == 3
    assert {line.count("|") for line in (head, ruler, *body)} == {head.count("|")}
    assert "**Who answers first?** Groq" in text
    assert "```toml" in text


def test_hostile_markdown_is_inert() -> None:
    text = "".join(markdown.page(Snapshot(hostile_frame())))
    assert "<" not in text.split("```toml")[0]
    assert not set(text) & set("\x1b\x00\x9b\u202e")
    assert len(text) < 100_000


def test_a_profile_cannot_end_its_fence(tmp_path: Path) -> None:
    path = recorded(tmp_path / "x.itop", 3, profile="title = '''\n````\n<script>\n'''\n")
    with open_recording(path) as recording:
        text = "".join(markdown.page(snapshot_of(recording)))
    assert "\n`````toml" in text.replace("``````", "`````") or "\n```````toml" in text


def test_json_is_what_the_run_prints(snapshot: Snapshot) -> None:
    (part,) = FORMATS["json"].parts(snapshot)
    assert "".join(part.chunks) == to_json(document(snapshot.frame)).decode()


PLOTTED = (
    "date", "backend", "model_id", "num_prompts", "request_rate", "max_concurrency", "duration", "completed",
    "total_input_tokens", "total_output_tokens", "request_throughput", "output_throughput", "total_token_throughput",
    "mean_ttft_ms", "median_ttft_ms", "std_ttft_ms", "p99_ttft_ms", "mean_tpot_ms", "median_tpot_ms", "p99_tpot_ms",
    "mean_itl_ms", "median_itl_ms", "p99_itl_ms", "mean_e2el_ms", "ttfts", "itls", "input_lens", "output_lens",
    "start_times", "errors", "generated_texts",
)  # fmt: skip
"""Fields that vLLM's own plots and dashboards read."""


def test_vllm_results_have_the_fields_that_plots_read(snapshot: Snapshot) -> None:
    results = dict(vllm.results(snapshot))
    assert list(results) == ["H200 ×4", "Groq", "laptop"]
    groq = json.loads(vllm.to_text(results["Groq"]))
    assert not [field for field in PLOTTED if field not in groq]
    assert groq["max_concurrency"] == 8
    assert groq["request_rate"] == "inf"
    assert groq["output_throughput"] == pytest.approx(500)
    assert len(groq["ttfts"]) == len(groq["errors"]) == 61
    assert groq["ttfts"][0] == 0.079
    assert [error for error in groq["errors"] if error] == ["5xx: HTTP 503"]
    summary = snapshot.summary.backends[1].ttft_ms
    assert summary
    assert (groq["median_ttft_ms"], groq["mean_ttft_ms"]) == (summary.p50, summary.mean)


def test_vllm_results_of_a_frame_alone_have_no_lists() -> None:
    made = dict(vllm.results(Snapshot(three())))
    assert "ttfts" not in made["Groq"]
    assert made["Groq"]["median_ttft_ms"]


def test_vllm_files_never_share_a_name() -> None:
    same = [backend(name, ttft_ms=latencies(80, 3)) for name in ("A b", "a-b", "a_b", "///", "\x1b")]
    suffixes = [part.suffix for part in FORMATS["vllm"].parts(Snapshot(frame(*same)))]
    assert len(set(suffixes)) == len(same)
    assert all("/" not in suffix for suffix in suffixes)


def test_open_loops_tell_their_rate() -> None:
    made = three()
    gamma = replace(made, arrivals=replace(made.arrivals, kind="gamma", rate_per_s=5.0, cv=2.0))
    result = dict(vllm.results(Snapshot(gamma)))["Groq"]
    assert (result["request_rate"], result["burstiness"], result["max_concurrency"]) == (5.0, 0.25, None)
