"""Pictures of the console without one: as text, as SVG, as a film."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from infertop.sessions.export.files import ExportError
from infertop.sessions.export.snapshot import Snapshot
from infertop.sessions.journal.reader import open_recording
from infertop.tui.draw.rows import row_width
from infertop.tui.export import cast
from infertop.tui.export.formats import NAMES, format_of, write_snapshot
from infertop.tui.export.screen import Screen, as_svg, as_text, earlier, picture
from infertop.tui.theme import LIGHT
from infertop.tui.view import View
from tests.sessions.export.made import CHANGE, SECOND, recorded, snapshot_of
from tests.sessions.export.test_page import hostile_frame
from tests.sessions.frames import three

SMALL = Screen(80, 24, replayed=True)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("screen") / "run.itop", 20)


@pytest.fixture
def snapshot(path: Path) -> Iterator[Snapshot]:
    with open_recording(path) as recording:
        yield snapshot_of(recording)


@pytest.mark.parametrize(
    "screen", [SMALL, Screen(), Screen(240, 60), Screen(30, 20), Screen(120, 40, view=View(only=True))]
)
def test_a_picture_fills_its_size(snapshot: Snapshot, screen: Screen) -> None:
    rows = picture(snapshot, screen)
    assert [row_width(row) for row in rows] == [screen.columns] * screen.rows


def test_a_replayed_picture_says_so_and_a_live_one_does_not(snapshot: Snapshot) -> None:
    assert "REPLAY" in "".join(as_text(snapshot, SMALL))
    live = "".join(as_text(snapshot, Screen(80, 24)))
    assert "REPLAY" not in live
    assert "LIVE" in live


def test_a_picture_of_a_moment_shows_that_moment(path: Path) -> None:
    with open_recording(path) as recording:
        then = "".join(as_text(Snapshot(recording.frame_at(5 * SECOND), recording), SMALL))
    assert "00:05" in then
    assert CHANGE not in then


def test_an_svg_is_well_formed_and_refers_to_nothing(snapshot: Snapshot) -> None:
    text = "".join(as_svg(snapshot, Screen(palette=LIGHT)))
    root = ElementTree.fromstring(text)
    shown = "".join(root.itertext())
    assert "H200" in shown
    assert not re.search(r"url\(|href|@font-face|https?://(?!www\.w3\.org/2000/svg)|<style|<script", text)
    assert LIGHT.ground in text


def test_hostile_names_stay_text_in_an_svg() -> None:
    text = "".join(as_svg(Snapshot(hostile_frame()), Screen()))
    root = ElementTree.fromstring(text)
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {"svg", "title", "rect", "text"}


def test_frames_further_back_are_taken_in_rarely() -> None:
    moments = [at * SECOND for at in range(36_000)]
    chosen = earlier(moments, 36_000 * SECOND)
    assert len(chosen) < 2_000
    assert chosen[-400:] == list(range(35_600, 36_000))
    assert earlier(moments[:300], 300 * SECOND) == list(range(300))


class Terminal:
    """As much of a terminal as a film may use; raises ValueError for anything else."""

    def __init__(self, columns: int, rows: int) -> None:
        self.cells = [[" "] * columns for _ in range(rows)]
        self.at = 0, 0

    def write(self, text: str) -> None:
        for found in re.finditer(r"\x1b\[([?\d;]*)([A-Za-z])|([^\x00-\x1f\x7f-\x9f])", text):
            codes, command, char = found.groups()
            if char:
                row, column = self.at
                self.cells[row][column] = char
                self.at = row, column + 1
            elif command == "H":
                row, column = map(int, codes.split(";"))
                self.at = row - 1, column - 1
            elif command not in {"m", "J", "h", "l"}:
                raise ValueError(found.group())
        rest = re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", text)
        if re.search(r"[\x00-\x1f\x7f-\x9f]", rest):
            raise ValueError(text)

    @property
    def text(self) -> str:
        return "\n".join("".join(row).rstrip() for row in self.cells)


def played(lines: list[str]) -> tuple[Terminal, float, list[str]]:
    """Play an asciicast v3 strictly: the terminal at its end, how long it took, its chapters."""
    header, *events = map(json.loads, lines)
    assert header["version"] == 3
    assert set(header) <= {"version", "term", "timestamp", "title"}
    terminal = Terminal(header["term"]["cols"], header["term"]["rows"])
    seconds, chapters = 0.0, []
    for event in events:
        interval, kind, data = event
        assert isinstance(interval, int | float)
        assert interval >= 0
        seconds += interval
        if kind == "o":
            terminal.write(data)
        else:
            assert kind == "m"
            chapters.append(data)
    return terminal, seconds, chapters


def test_a_film_ends_with_the_picture(snapshot: Snapshot) -> None:
    terminal, seconds, chapters = played(list(cast.film(snapshot, SMALL)))
    assert terminal.text == "".join(as_text(snapshot, SMALL)).removesuffix("\n")
    assert seconds == pytest.approx(21.0)
    assert chapters == [CHANGE]


def test_a_long_run_plays_faster(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cast, "LONGEST_S", 2.0)
    monkeypatch.setattr(cast, "MOST_SCENES", 5)
    lines = list(cast.film(snapshot, SMALL))
    terminal, seconds, _ = played(lines)
    assert len(lines) == 1 + 1 + 5 + 1 + 1
    assert seconds == pytest.approx(3.0, abs=0.01)
    assert "00:20" in terminal.text
    assert "×10" in json.loads(lines[0])["title"]


def test_formats_are_told_by_the_end_of_a_name() -> None:
    names = {"a.HTML": "html", "a.md": "md", "a.json": "json", "a.x.requests.csv": "csv:requests", "a.cast": "cast"}
    assert {file: format_of(file) for file in names} == names
    assert format_of("a.pdf") is None
    assert set(names.values()) < set(NAMES)


def test_a_snapshot_of_a_run_that_goes_on(path: Path, tmp_path: Path) -> None:
    """From the console: the frame on screen, and the journal as far as it is written."""
    with open_recording(path) as recording:
        frame = recording.frame_at(10 * SECOND)
    made = write_snapshot(frame, ("html", "svg"), tmp_path, recording=path)
    assert [file.name for file in made] == ["run_at-10s.html", "run_at-10s.svg"]
    assert "LIVE" in made[1].read_text()


def test_a_snapshot_of_a_run_that_is_not_recorded(tmp_path: Path) -> None:
    (file,) = write_snapshot(three(), ["html"], tmp_path)
    assert file.name.endswith("_by-hand_snapshot.html")
    with pytest.raises(ExportError, match="csv is made from a recording"):
        write_snapshot(three(), ["csv"], tmp_path)
