"""Whole comparisons: of what, matched how, with what remarks, and how they read in every form."""

import json
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from msgspec.structs import replace

from infertop.engine.cost import RentedPrice
from infertop.engine.frame import Frame
from infertop.engine.plan import ArrivalsPlan, SloPlan
from infertop.sessions.diff import junit, markdown, text
from infertop.sessions.diff.compare import Diff, DiffError, diff, to_json
from infertop.sessions.diff.gate import parse_gate
from infertop.sessions.diff.result import RunResult, from_document
from infertop.sessions.summary import Document, document
from infertop.sessions.summary import to_json as summary_json

from ..frames import MS, backend, frame, latencies, three
from .runs import frames, result, slower

GOLDEN = Path(__file__).parent / "golden"
GATES = ("p95_ttft>10%", "tok_s>5%", "attainment<0.9", "p99_ttft>1s", "error_rate>+1pp")


def by_hand(seed: int, slow: float = 1.0, **fields: object) -> list[Frame]:
    """Forty slices of one second with ten requests each, and a backend that was there for one run only."""
    ttft = [slow * each for each in latencies(200, 400, seed)]
    tpot = latencies(12, 400, seed + 1)

    def at(second: int) -> Frame:
        n = 10 * second
        made = backend(
            "H200 ×4",
            ttft_ms=ttft[:n],
            tpot_ms=tpot[:n],
            active_ns=second * 1000 * MS,
            price=RentedPrice(usd_per_chip_hour=3.6, chips=4, as_of="2026-09-20"),
            spent_usd=second * 0.004,
            good=n - second // 8,
            failed=second // 20,
            scheduled=n + second // 20,
            errors={"timeout": second // 20},
        )
        lost = backend(f"only-{seed}", ttft_ms=ttft[:5])
        values: dict[str, object] = {"seed": seed, "slo": SloPlan(ttft_ms=500)}
        return frame(made, lost, backend("x|y", ttft_ms=ttft[:20]), at_ns=second * 1000 * MS, **(values | fields))

    running = [replace(at(second), phase="running") for second in range(1, 40)]
    return [*running, at(40)]


@pytest.fixture(scope="module")
def compared() -> Diff:
    loaded = ArrivalsPlan(kind="closed", concurrency=16)
    a = result("before (a1b2c3, 2026-11-20 18:05)", by_hand(1))
    b = result("after (d4e5f6, 2026-11-23 18:05)", by_hand(2, 1.5, arrivals=loaded))
    return diff([a], [b], renamed={"only-1": "x|y", "x|y": "only-2"}, gates=[parse_gate(each) for each in GATES])


@pytest.fixture(scope="module")
def runs() -> dict[str, RunResult]:
    before, after = frames(1, 2000, stacks=("h200", "mi300x")), frames(2, 2000, stacks=("h200", "mi300x"))
    return {"before": result("before", before), "after": result("after", slower(after))}


def assert_golden(name: str, made: str) -> None:
    path = GOLDEN / name
    assert made == path.read_text(encoding="utf-8"), f"{path} differs"


def test_text(compared: Diff) -> None:
    assert_golden("two.txt", text.render(compared, 110))


def test_markdown(compared: Diff) -> None:
    assert_golden("two.md", markdown.render(compared))


def test_junit(compared: Diff) -> None:
    made = junit.render(compared)
    assert_golden("two.xml", made)
    suites = ElementTree.fromstring(made)
    cases = suites.findall("./testsuite/testcase")
    assert len(cases) == int(suites.get("tests") or 0) == 3 * len(GATES)
    assert sum(case.find("failure") is not None for case in cases) == int(suites.get("failures") or 0) == 2


def test_json_holds_all_of_it(compared: Diff) -> None:
    made = to_json(compared)
    assert msgspec.json.decode(made, type=Diff) == compared
    assert json.loads(made)["schema"] == "infertop.diff/1"
    assert json.loads(made)["passed"] is False


def test_only_what_was_made_slower_is_worse(runs: dict[str, RunResult]) -> None:
    compared = diff([runs["before"]], [runs["after"]], gates=[parse_gate("p50_ttft>5%"), parse_gate("p95_tpot>5%")])
    for made in compared.backends:
        verdicts = {each.metric: each for each in made.metrics}
        assert verdicts["p50_ttft"].verdict == verdicts["p95_ttft"].verdict == "worse"
        assert verdicts["p50_ttft"].change == pytest.approx(1.15, abs=0.04)
        assert verdicts["p95_ttft_sched"].verdict == "within noise"
        assert verdicts["tok_s"].verdict == "within noise"
    assert {each.condition for each in compared.gates if each.outcome == "fail"} == {"p50_ttft>5%"}
    assert not compared.passed


def test_a_run_against_itself_is_a_tie_throughout(runs: dict[str, RunResult]) -> None:
    made = diff([runs["before"]], [runs["before"]], gates=[parse_gate("p95_ttft>0%"), parse_gate("tok_s>0%")])
    assert made.passed
    assert not made.changed
    assert any("with itself" in each for each in made.remarks)
    for each in (metric for one in made.backends for metric in one.metrics):
        assert each.verdict in {"within noise", "not known"}
        assert each.change in {0.0, 1.0, None}


def test_settings_that_differ_come_with_what_they_mean() -> None:
    a = result("a", [frame(backend("x", ttft_ms=latencies(100, 200)), seed=1)])
    b = result(
        "b",
        [
            frame(
                backend("x", ttft_ms=latencies(100, 200), served_model="other", label="SIM"),
                seed=2,
                arrivals=ArrivalsPlan(kind="poisson", rate_per_s=3),
                slo=SloPlan(ttft_ms=100),
            )
        ],
    )
    made = diff([a], [b])
    told = {(each.backend, each.what): (each.a, each.b, bool(each.matters)) for each in made.changed}
    assert told == {
        ("", "load"): ("8 in flight", "3/s poisson", True),
        ("", "seed"): ("1", "2", False),
        ("", "SLO"): ("", "TTFT 100 ms", True),
        ("x", "label"): ("LIVE", "SIM", True),
        ("x", "model"): ("m", "other", True),
    }
    assert made.backends[0].unlike == ("model: m vs other",)


def test_repeats_of_unlike_things_are_told() -> None:
    def run(label: str, rate: float) -> RunResult:
        arrivals = ArrivalsPlan(kind="poisson", rate_per_s=rate)
        return result(label, [frame(backend("x", ttft_ms=latencies(100, 200)), arrivals=arrivals)])

    made = diff([run("a", 1), run("b", 2)], [run("c", 1)])
    assert any("the runs of a are not repeats of one thing: they differ in load" in each for each in made.remarks)


def names(*each: str) -> list[RunResult]:
    return [result("run", [frame(*(backend(name, ttft_ms=latencies(100, 200)) for name in each))])]


@pytest.mark.parametrize(
    ("a", "b", "renamed", "pairs"),
    [
        (("x", "y"), ("y", "x"), {}, [("x", "x"), ("y", "y")]),
        (("x", "y"), ("x", "z"), {}, [("x", "x"), ("y", "z")]),
        (("x", "y"), ("x", "z"), {"y": "z"}, [("x", "x"), ("y", "z")]),
        (("x", "y"), ("z", "y"), {"x": "y", "y": "z"}, [("x", "y"), ("y", "z")]),
        (("x",), ("z",), {}, [("x", "z")]),
        (("x", "y"), ("x",), {}, [("x", "x")]),
    ],
)
def test_backends_are_matched_by_name(
    a: Sequence[str], b: Sequence[str], renamed: dict[str, str], pairs: list[tuple[str, str]]
) -> None:
    made = diff(names(*a), names(*b), renamed=renamed)
    assert [(each.a, each.b) for each in made.backends] == pairs
    guesses = sum(x != y for x, y in pairs) - len(renamed)
    assert sum("taken for" in each for each in made.remarks) == max(0, guesses)


def test_backends_that_cannot_be_matched_are_an_error() -> None:
    with pytest.raises(DiffError, match="--map OLD=NEW"):
        diff(names("x", "y"), names("p", "q"))
    with pytest.raises(DiffError, match=r"--map: no backend of a is called 'H20'.*H200"):
        diff(names("H200"), names("H200"), renamed={"H20": "H200"})
    alone = diff(names("x", "y"), names("x", "p", "q"))
    assert (alone.a.alone, alone.b.alone) == (("y",), ("p", "q"))


def test_a_saturated_client_withholds_the_verdict_and_the_gate() -> None:
    made = three()
    red = result("red", [replace(made, client=replace(made.client, cpu_share=0.99))])
    found = diff([result("a", [made])], [red], gates=[parse_gate("p95_ttft>1%")])
    assert {each.verdict for backend in found.backends for each in backend.metrics} == {"not known"}
    assert [each.outcome for each in found.gates] == ["not judged", "not judged", "fail"]  # the last answered nothing
    assert "saturated" in found.remarks[0]
    strict = diff([result("a", [made])], [red], gates=[parse_gate("p95_ttft>1%")], strict=True)
    assert not strict.passed


def test_a_backend_that_died_fails_a_gate_on_its_latency() -> None:
    good = result("a", [frame(backend("x", ttft_ms=latencies(100, 200)))])
    dead = result("b", [frame(backend("x", scheduled=9, failed=9, errors={"connect": 9}, active_ns=0))])
    made = diff([good], [dead], gates=[parse_gate("p95_ttft>10%"), parse_gate("error_rate>+5pp")])
    assert [each.outcome for each in made.gates] == ["fail", "fail"]


def test_summaries_compare_by_the_intervals_they_have() -> None:
    """A summary knows less than its session; what it knows is the same."""
    made = three()
    whole = result("a", [made])
    read = msgspec.json.decode(summary_json(document(made)), type=Document)
    summed = from_document("b", read)
    found = diff([whole], [summed], gates=[parse_gate("p95_ttft_sched>50%"), parse_gate("tok_s>5%")])
    first = {each.metric: each for each in found.backends[0].metrics}
    assert first["p95_ttft_sched"].change == pytest.approx(1, rel=1e-4)
    assert first["p95_ttft_sched"].verdict == "within noise"
    assert first["tok_s"].verdict == "not known"
    assert "a summary has no interval for it" in first["tok_s"].why or "too short" in first["tok_s"].why
    again = diff([summed] * 3, [summed] * 3)
    assert {each.metric: each.basis for each in again.backends[0].metrics}["tok_s"] == "repeats"


def test_hostile_names_stay_text() -> None:
    evil = "<script>|[x](javascript:1)@octocat\x1b[31m"
    made = diff(names(evil), names(evil), gates=[parse_gate("p95_ttft>10%")])
    for each in (text.render(made, 80), markdown.render(made), junit.render(made)):
        assert "\x1b" not in each
    assert "<script>" not in markdown.render(made)
    assert "@octocat" not in markdown.render(made)
    ElementTree.fromstring(junit.render(made))
