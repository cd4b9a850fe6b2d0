"""The panels of power and of the servers' own view, and the line of energy on a card."""

import msgspec
import pytest

from infertop.engine.frame import PowerFrame, ServerFrame
from infertop.tui.draw.rows import row_width
from infertop.tui.draw.units import joules
from infertop.tui.model import Model
from infertop.tui.panels.power import draw_power
from infertop.tui.panels.server import draw_server
from infertop.tui.view import View

from .frames import STACKS, Fleet
from .test_panels import board_of, said

NVML = PowerFrame(
    source="NVML",
    detail="1 × NVIDIA H200",
    measured=True,
    watts=612.0,
    joules=18_000.0,
    idle_watts=100.0,
    idle_joules=3000.0,
)
MODELLED = PowerFrame(source="modelled", detail="TDP \x1b[31mred", watts=300.0, joules=9000.0)
SERVER = ServerFrame(
    source="vLLM /metrics",
    age_ns=400_000_000,
    running=13.0,
    waiting=2.0,
    kv_cache_share=0.3,
    prefix_hits=25.0,
    prefix_queries=100.0,
    preemptions=1234.0,
    samples=10,
    running_sum=110.0,
)


def observed(*per_backend, seconds=30):
    """A frame of the fleet's first backends, each with (power, server)."""
    frame = Fleet(STACKS[: len(per_backend)]).advance(seconds).frame()
    backends = (
        msgspec.structs.replace(backend, power=power, server=server)
        for backend, (power, server) in zip(frame.backends, per_backend, strict=True)
    )
    return msgspec.structs.replace(frame, backends=tuple(backends))


TWO = observed((NVML, SERVER), (MODELLED, None))


def roles(rows, text):
    return {span.role for row in rows for span in row if text in span.text}


def test_power_says_what_is_drawn_for_what_and_by_whom():
    rows = draw_power(board_of(TWO), View(), 130, 6)
    text = said(rows)
    tokens = TWO.backends[0].arriving_tokens
    assert f"612 600 {joules(18_000 / tokens).strip()} {joules(15_000 / tokens).strip()}" in text
    assert "NVML 1 × NVIDIA H200" in text
    assert roles(rows, "612") == {"strong"}
    assert "\x1b" not in text
    assert roles(rows, "300 ") == {"dim"}  # a model
    assert roles(rows, "modelled") == {"sim"}


@pytest.mark.parametrize(
    ("power", "words"),
    [
        (None, "not known"),
        (PowerFrame(source="NVML", error="no driver"), "NVML no driver"),
        (PowerFrame(source="RAPL", measured=True, host_level=True, watts=90.0), "RAPL whole machine"),
        (PowerFrame(source="Neuron", watts=35.0, detail="share"), "Neuron modelled · share"),
    ],
)
def test_power_says_what_to_make_of_it(power, words):
    assert words in said(draw_power(board_of(observed((power, None))), View(), 130, 4))


def test_the_server_panel_shows_the_servers_view():
    text = said(draw_server(board_of(TWO), View(), 130, 6))
    assert "13 11.0 2 30.0% 25.0% 1,234 vLLM /metrics" in text
    assert "nobody asks it" in text


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (ServerFrame(error="no metrics that infertop knows"), "n/a no metrics that infertop knows"),
        (ServerFrame(source="TGI /metrics", error="refused", samples=1), "– – – – – – refused"),
        (msgspec.structs.replace(SERVER, age_ns=4_000_000_000), "vLLM /metrics, 4.00 s ago"),
    ],
)
def test_the_server_panel_says_what_is_missing(server, words):
    assert words in said(draw_server(board_of(observed((None, server))), View(), 130, 4))


@pytest.mark.parametrize("draw", [draw_power, draw_server])
@pytest.mark.parametrize("width", [20, 50, 80, 120, 240])
@pytest.mark.parametrize("rows", [1, 2, 3, 8])
def test_both_fill_their_place_exactly(draw, width, rows):
    made = draw(board_of(TWO), View(), width, rows)
    assert len(made) == rows
    assert all(row_width(row) in {0, width} for row in made)


def test_figures_are_of_the_window():
    """After a marker, energy and counts begin again."""
    model = Model()
    model.take(TWO)
    model.reset()
    later = observed(
        (msgspec.structs.replace(NVML, joules=18_500.0, idle_joules=3100.0), msgspec.structs.replace(SERVER)),
        (MODELLED, None),
        seconds=31,
    )
    model.take(later)
    window = model.windows()[0].totals
    assert window.power.joules == 500
    assert window.server.prefix_queries == 0


CARD_ROWS = 14


def card_text(frame, width=60, rows=CARD_ROWS):
    from infertop.tui.panels.cards import draw_cards
    from infertop.tui.panels.layout import Box, Form

    board = board_of(frame)
    return [said(rows) for _, rows in draw_cards(board, View(), Box(0, 0, width, rows), Form.FULL, len(board.cards))]


def test_a_card_has_a_line_of_energy_where_any_is_known():
    measured, modelled = card_text(TWO, 80)
    assert "J/tok NVML" in measured
    assert "J/tok modelled" in modelled
    one, other = card_text(observed((NVML, None), (None, None)), 80)
    assert "J/tok NVML" in one
    assert "no power" in other
    assert "power" not in " ".join(card_text(observed((None, None), (None, None)), 80))
    assert "n/a J/tok NVML" in card_text(observed((PowerFrame(source="NVML", error="no driver"), None)))[0]


def test_the_line_of_energy_gives_way_on_a_low_card():
    assert "J/tok" not in " ".join(card_text(TWO, 80, 9))
    assert "in flight" in card_text(TWO, 80, 9)[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "     –"),
        (0.0, "  0.00"),
        (0.0001, "<0.001"),
        (0.0413, " 0.041"),
        (0.238, "  0.24"),
        (4812.4, " 4,812"),
    ],
)
def test_joules_keep_their_width(value, text):
    assert joules(value) == text
