"""What is said of a decision: the answer first, every figure the decision's, text of others safe in every form."""

import re
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from infertop.engine.sweep.estimate import Estimate
from infertop.sessions.decide.report import content, markdown, page, text
from infertop.sessions.decide.report.answer import answers, headline, nearest, routes
from infertop.sessions.decide.report.forms import dollars, listed, part, within
from tests.sessions.export.reading import read
from tests.tui.export.test_browser import CHROMIUM, Opened

from ..golden import matches_golden
from .made import DECISION, DEMAND, INFEASIBLE, NAMES, SPLIT

HOSTILE = "\x1b[31m</title></style><script>alert(1)</script>\u202e\x00<img src=x onerror=alert(1)>|`*"


def html(decision=DECISION):
    made = page.written(content.title(decision), content.sections(decision), "2026-11-23", NAMES)
    return "".join(made)


def plain(decision=DECISION, width=120):
    return text.written(content.title(decision), content.sections(decision), width)


@pytest.mark.parametrize("width", [80, 120])
def test_as_text(width):
    matches_golden(f"decision-{width}.txt", plain(width=width))


def test_as_markdown():
    made = markdown.written(content.title(DECISION), content.sections(DECISION), "infertop 0.1.0, 2026-11-23")
    matches_golden("decision.md", made)


def test_an_infeasible_demand_says_what_is_in_the_way():
    said = plain(INFEASIBLE)
    assert "Nothing keeps all of it" in said
    assert "at most 1 vendor. Without it alone it could be done, for $24,700 a month" in said
    assert "What runs where" not in said


@pytest.mark.parametrize("width", [50, 80, 120, 200])
def test_no_line_is_wider_than_asked_for(width):
    assert max(map(len, plain(width=width).splitlines())) <= width


def test_the_answer_comes_first():
    assert plain().splitlines()[5].startswith("Send chat to H200; labels 62 % to MI300X")
    shown = read(html())
    assert shown.text.index("Send chat to H200") < shown.text.index("Ranking for chat")


def test_shares_of_a_class_are_told_whole():
    assert routes(SPLIT) == {"chat": [("H200", 1.0)], "labels": [("MI300X", 0.62), ("H200", 0.38)]}


def test_the_change_that_is_nearest_is_told():
    assert [each.what for each in nearest(DECISION)] == ["latency limit"]
    assert any("below p95 TTFT 290 ms, Groq LPU is the cheapest" in line for line in answers(DECISION))


def test_one_vendor_that_is_the_answer_is_no_alternative():
    same = replace(DECISION, single=replace(DECISION.single, vendors=SPLIT.vendors))
    assert "It is one vendor already: CoreWeave and us." in list(answers(same))
    assert "No single vendor can serve it all." in list(answers(replace(DECISION, single=None)))


def test_what_weakens_it_is_said():
    said = plain()
    for words in ("468 days old", "seen at one load of labels only", "cheaper by 0.4 %", "SIM. The capacity of 2"):
        assert words in said
    measured = replace(DECISION, capacities=tuple(replace(each, label="LIVE") for each in DECISION.capacities))
    assert "SIM" not in plain(measured).split("CAPACITIES")[0]


def test_the_page_has_every_section_and_curve():
    shown = read(html())
    for section in content.sections(DECISION):
        assert section.title in shown.text
    assert html().count("<figure>") == len(DECISION.sensitivities)
    assert html().count('class="now"') == 2 * len(DECISION.sensitivities)


def test_nothing_on_the_page_is_fetched_or_run():
    shown = read(html())
    assert not shown.tags & {"script", "iframe", "object", "embed", "img", "image", "use", "foreignobject", "form"}
    for name, value in shown.attributes:
        assert not name.startswith("on")
        assert name not in {"src", "style", "xlink:href", "action", "formaction"}
        assert name != "href" or value == "data:," or value.startswith("#")
    anchors = {value for name, value in shown.attributes if name == "id"}
    assert {value[1:] for name, value in shown.attributes if name == "href" and value.startswith("#")} <= anchors


def hostile():
    options = (replace(DEMAND.options[0], name=HOSTILE), *DEMAND.options[1:])
    classes = (replace(DEMAND.classes[0], name=HOSTILE), *DEMAND.classes[1:])
    demand = replace(DEMAND, title=HOSTILE, description=HOSTILE, options=options, classes=classes)
    shares = tuple(replace(each, class_name=HOSTILE) for each in SPLIT.shares)
    capacities = tuple(replace(each, source=HOSTILE, notes=(HOSTILE,)) for each in DECISION.capacities)
    return replace(DECISION, demand=demand, split=replace(SPLIT, shares=shares), capacities=capacities)


def test_hostile_text_stays_text_in_every_form():
    reader = read(html(hostile()))
    assert not reader.tags & {"script", "img"}
    assert not set(html(hostile())) & set("\x1b\x00\u202e")
    for made in (plain(hostile()), markdown.written("x", content.sections(hostile()), "y")):
        assert not set(made) & set("\x1b\x00\u202e")
    assert "<script>" not in markdown.written("x", content.sections(hostile()), "y")


@pytest.mark.parametrize(
    ("value", "said"), [(0.0, "0 %"), (1.0, "100 %"), (0.62, "62 %"), (0.004, "0.4 %"), (0.0001, "<0.1 %"),
                        (0.9999, ">99.9 %"), (0.995, "99.5 %")],
)  # fmt: skip
def test_shares(value, said):
    assert part(value) == said


def test_amounts():
    assert (dollars(12345.6), dollars(99.4), dollars(0.0123), dollars(-250.0)) == (
        "$12,346",
        "$99.40",
        "$0.012",
        "-$250",
    )
    assert within(Estimate.exactly(1200.0)) == "$1,200"
    assert within(Estimate(value=10.0, low=8.0, high=float("inf"))) == "$10.00 ($8.00 or more)"
    assert (listed([]), listed(["a"]), listed(["a", "b", "c"])) == ("", "a", "a, b and c")


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None or shutil.which("chromium") is None, reason="no Chromium on this machine")
def test_a_browser_opens_it_without_an_error_or_a_request(tmp_path: Path):
    file = tmp_path / "page.html"
    file.write_text(html(hostile()), encoding="utf-8")
    opened = Opened(file, tmp_path, "--dump-dom")
    assert (opened.complaints, opened.requests) == ([], [])
    assert not re.search("<script", opened.document)


def test_the_headline_holds_the_cost_and_its_interval():
    assert headline(DECISION).endswith("$24,700 ($21,900–$29,300) a month.")
