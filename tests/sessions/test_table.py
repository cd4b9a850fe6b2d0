"""The final table: pictures kept as text, and what must hold of every one."""

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from infertop.engine.frame import Frame, Marker
from infertop.engine.plan import ArrivalsPlan
from infertop.sessions.table import render

from .frames import MS, backend, frame, latencies, paired, three

GOLDEN = Path(__file__).parent / "golden"
NAMES = ("H200 ×4", "MI300X ×4", "TPU v6e ×8", "Inferentia2 ×12", "Groq LPU ×576", "Cerebras WSE-3 ×4")


def fleet() -> Frame:
    """Six backends with enough requests for every verdict, in open loop."""
    ttft = {name: latencies(100 + 60 * i, 800, seed=i) for i, name in enumerate(NAMES)}
    backends = [
        backend(name, label="SIM", ttft_ms=ttft[name], tpot_ms=latencies(5 + i // 2, 800, seed=i))
        for i, name in enumerate(NAMES)
    ]
    markers = (Marker(at_ns=4000 * MS, text="rate 80/s"),)
    return frame(
        *backends,
        arrivals=ArrivalsPlan(kind="poisson", rate_per_s=80),
        at_ns=12_500 * MS,
        markers=markers,
        paired=paired("ttft_sched", **ttft),
    )


@pytest.mark.parametrize(
    ("name", "drawn", "width"),
    [("three-120", three(), 120), ("three-50", three(), 50), ("fleet-100", fleet(), 100)],
)
def test_picture(name: str, drawn: Frame, width: int) -> None:
    """To take a new picture, delete the file and run this once; then look at it."""
    path = GOLDEN / f"{name}.txt"
    text = render(drawn, width)
    if not path.exists():
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"{path} was made anew: look at it")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [20, 50, 80, 100, 120, 240])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    for line in render(fleet(), width).splitlines():
        assert cell_len(line) <= max(width, 40)


def test_colour_only_adds_emphasis() -> None:
    assert re.sub(r"\x1b\[\d*m", "", render(three(), 120, colour=True)).split() == render(three(), 120).split()
    assert "\x1b" not in render(three(), 120)


def test_what_others_wrote_cannot_reach_the_terminal() -> None:
    hostile = "\x1b[2J\x9b31mred\u202e\n" + "x" * 500
    drawn = frame(
        backend(hostile, scheduled=1, failed=1, errors={"5xx": 1}, last_error=hostile, served_model=hostile),
        backend("b", served_model="m2"),
        title=hostile,
    )
    text = render(drawn, 120)
    assert all(char.isprintable() or char == "\n" for char in text)
    assert len(text) < 3000


def test_a_wide_name_keeps_the_columns_aligned() -> None:
    rows = render(frame(backend("速い", ttft_ms=[1.0] * 20), backend("slow", ttft_ms=[2.0] * 20)), 120).splitlines()
    ends = {cell_len(row[: row.index("LIVE")]) for row in rows if "LIVE" in row}
    assert len(ends) == 1


def test_the_mean_on_the_same_prompts_has_its_own_lines() -> None:
    text = render(fleet(), 240)
    assert "mean TTFT, same prompts  H200 ×4 is lower than MI300X ×4 1.55× (1.46–1.64)" in text
    assert "mean TPOT" not in text, "no prompts in common"


def test_values_without_a_partner_are_told() -> None:
    assert "1,200 values are in no mean on the same prompts" in render(frame(backend("a"), unpaired=1200), 120)
