"""What a server says of its own time, shown apart from what was measured here."""

from msgspec.structs import replace

from infertop.engine.frame import BackendFrame, Frame
from infertop.engine.histogram import Histogram
from infertop.tui.draw.rows import row_text
from infertop.tui.metrics import TTFT
from infertop.tui.model import Model
from infertop.tui.panels.depth import draw_depth
from infertop.tui.view import View


def told(**timings_ms):
    made = {}
    for name, values_ms in timings_ms.items():
        histogram = Histogram()
        histogram.extend(round(value * 1e6) for value in values_ms)
        made[name] = histogram.state()
    return BackendFrame(name="a", vendor=made)


def page(*backends):
    """The page of a backend that was the first of `backends`, then the second; the window counts the last."""
    model = Model()
    for seq, backend in enumerate(backends, 1):
        if seq > 1:
            model.reset()
        model.take(Frame(seq=seq, phase="running", at_ns=seq * 10**9, backends=(backend,)))
    return [row_text(row).split() for row in draw_depth(model.board(TTFT), View(), 120, 40)]


def line(name, *backends):
    return next((words[1:] for words in page(*backends) if words[:1] == [name]), None)


def test_they_are_a_table_of_their_own():
    backend = told(queue=[1.0, 2.0, 30.0], total=[90.0])
    assert line("queue", backend)[:3] == ["3", "11.0", "ms"]
    assert "?1.99" in line("queue", backend), "below the sample floor"
    assert line("total", backend)[:3] == ["1", "90.0", "ms"]
    assert line("decode", backend) is None
    assert not any("own" in words for words in page(told()))


def test_a_window_shows_what_came_since():
    before = told(queue=[1.0, 1.0, 1.0])
    now = replace(before, vendor=told(queue=[1.0, 1.0, 1.0, 50.0]).vendor)
    assert line("queue", before, now)[0] == "1"
    assert "?49.9" in " ".join(line("queue", before, now))
