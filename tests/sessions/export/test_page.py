"""The page: every figure is the JSON's, nothing can be fetched or run, and text of others stays text."""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from infertop.engine.frame import Frame
from infertop.sessions.export.page.document import page
from infertop.sessions.export.page.markup import MARKERS, element
from infertop.sessions.export.snapshot import Snapshot
from infertop.sessions.journal.reader import open_recording
from infertop.sessions.summary import to_json
from infertop.tui.draw.glyphs import MARKERS as GLYPHS
from infertop.tui.theme import PALETTES

from ..frames import backend, frame, three
from .made import CHANGE, page_of, recorded, snapshot_of
from .reading import Reader, read

HOSTILE = "\x1b[31m</title></style><script>alert(1)</script>\u202e\x00\x9b2J\"'><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("page") / "run.itop")


@pytest.fixture(scope="module")
def shown(path: Path) -> Reader:
    return read(page_of(path))


def at(document: object, path: str) -> float:
    """The number at `path` of a JSON document."""
    for part in path.split("."):
        document = document[int(part)] if isinstance(document, list) else document[part]  # type: ignore[index]
    assert isinstance(document, int | float)
    return document


def test_every_figure_is_the_json_s(path: Path, shown: Reader) -> None:
    """The exact value, and as people read it."""
    with open_recording(path) as recording:
        document = json.loads(to_json(snapshot_of(recording).summary))
    assert len(shown.figures) > 100
    for figure in shown.figures:
        value = at(document, figure.path)
        assert figure.value == value, figure
        if figure.text.startswith((">", "<")):
            continue
        digits = re.sub(r"[^0-9.]", "", figure.text)
        unit = 10.0 ** -len(digits.partition(".")[2]) / (100 if figure.text.endswith("%") else 1)
        seen = float(digits) / (100 if figure.text.endswith("%") else 1)
        assert abs(seen - value) <= unit * 0.501, figure
        assert abs(seen - value) <= max(value * 0.05, 0.005), figure


def test_what_is_most_asked_for_is_there(shown: Reader) -> None:
    said = {figure.path for figure in shown.figures}
    for at in range(3):
        for path in ("tok_s", "ttft_ms.p50", "ttft_ms.p95", "tpot_ms.p95", "requests.finished"):
            assert f"backends.{at}.{path}" in said
    assert {"backends.0.cost.usd_per_m_output", "backends.1.cost.spent_usd", "verdicts.0.ratio"} <= said
    for text in ("Who answers first?", "SIM", "LIVE", "Lambda", "2026-09-20", "by the kernel", CHANGE, "seed = 7"):
        assert text in shown.text


def test_nothing_on_it_is_fetched_or_run(path: Path, shown: Reader) -> None:
    assert not shown.tags & {"script", "iframe", "object", "embed", "img", "image", "use", "foreignobject", "form"}
    for name, value in shown.attributes:
        assert not name.startswith("on")
        assert name not in {"src", "style", "xlink:href", "action", "formaction"}
        assert name != "href" or value == "data:,"
    style = re.search(r"<style>(.*?)</style>", page_of(path), re.DOTALL)
    assert style
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = next(value for _, value in shown.attributes if "default-src" in value)
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")


def hostile_frame() -> Frame:
    """Every text that others write says something evil."""
    text = HOSTILE + "x" * 1_000_000
    made = three()
    backends = tuple(
        replace(
            each, name=f"{at}{HOSTILE}", url=HOSTILE, model=HOSTILE, served_model=text, hardware=text, engine=HOSTILE,
            last_error=text, errors={HOSTILE: 3}, unsent={HOSTILE: 2}, failed=3,
        )
        for at, each in enumerate(made.backends)
    )  # fmt: skip
    return replace(made, title=text, backends=backends, stop_reason="")


def test_hostile_text_stays_text() -> None:
    text = "".join(page(Snapshot(hostile_frame())))
    assert len(text) < 400_000
    reader = read(text)
    assert not reader.tags & {"script", "img"}
    assert not any(name.startswith("on") for name, _ in reader.attributes)
    assert not set(text) & set("\x1b\x00\x9b\u202e")
    assert "<script>alert(1)</script>" in reader.text


def test_a_hostile_profile_and_name_stay_text(tmp_path: Path) -> None:
    path = recorded(tmp_path / "evil.itop", 3, profile=f"title = '{HOSTILE}'\n", name=HOSTILE, note=HOSTILE)
    reader = read(page_of(path))
    assert not reader.tags & {"script", "img"}


def test_a_frame_without_a_recording_has_everything_but_time() -> None:
    shown = read("".join(page(Snapshot(three()))))
    assert "Who answers first?" in shown.text
    assert "Over time" not in shown.text
    assert "Run it again" not in shown.text


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(frame(), id="no backend"),
        pytest.param(frame(backend("a"), at_ns=0, phase="starting", started_utc=""), id="not begun"),
        pytest.param(frame(backend("a", ttft_ms=[5.0]), phase="running"), id="one answer"),
        pytest.param(frame(backend("a", ttft_ms=[0.001, 2_000_000.0])), id="beyond every bucket"),
    ],
)
def test_a_page_of_little_is_still_a_page(made: Frame) -> None:
    assert "infertop" in read("".join(page(Snapshot(made)))).text


def test_a_moment_of_a_run_says_so(path: Path) -> None:
    with open_recording(path) as recording:
        snapshot = Snapshot(recording.frame_at(20_000_000_000), recording)
        text = read("".join(page(snapshot))).text
    assert "Taken while it ran" in text
    assert CHANGE not in text


def test_its_colours_and_markers_are_the_console_s() -> None:
    style = (Path(__file__).parents[3] / "sessions/export/page/page.css").read_text(encoding="utf-8")
    light, dark = style.split("prefers-color-scheme: dark")
    for palette, part in zip(PALETTES, (dark, light), strict=True):
        for at, colour in enumerate(palette.series):
            assert f"--s{at}: {colour};" in part
        for at, colour in enumerate(palette.heat, 1):
            assert f"--h{at}: {colour};" in part
    assert MARKERS == GLYPHS


def test_markup_escapes_what_was_not_made_here() -> None:
    inner = element("b", "1 < 2", title='a "b" & c', hidden=True, lang=None)
    assert inner == '<b title="a &quot;b&quot; &amp; c" hidden>1 &lt; 2</b>'
    assert element("p", "<", inner) == f"<p>&lt;{inner}</p>"
