"""Files are whole or not there, and none is overwritten unasked."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from infertop.sessions.export.files import ExportError, Part, write, write_parts


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    assert write(tmp_path / "a.md", ["1\n", "2\n"]).read_bytes() == b"1\n2\n"


def test_a_file_that_is_there_stays_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("mine")
    with pytest.raises(ExportError, match=r"a\.md: exists already; --force"):
        write(path, ["other"])
    assert path.read_text() == "mine"
    assert write(path, ["other"], force=True).read_text() == "other"


def test_nothing_stays_of_an_export_that_failed(tmp_path: Path) -> None:
    def broken() -> Iterator[str]:
        yield "half"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write(tmp_path / "a.md", broken())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="file"):
        list(write_parts([Part("md", ["x"])], tmp_path / "file" / "sub", "stem"))


def test_parts_are_named_by_stem_and_suffix(tmp_path: Path) -> None:
    parts = [Part("requests.csv", ["x"]), Part("series.csv", ["y"])]
    made = list(write_parts(parts, tmp_path / "new", "run"))
    assert [path.name for path in made] == ["run.requests.csv", "run.series.csv"]


def test_what_may_hold_texts_is_for_its_owner_only(tmp_path: Path) -> None:
    figures, texts = Part("html", ["x"]), Part("vllm.json", ["prompts"], private=True)
    before = os.umask(0o022)
    try:
        made = [
            *write_parts([figures, texts], tmp_path / "some", "run"),
            *write_parts([figures], tmp_path / "none", "run"),
        ]
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in made] == [0o644, 0o600, 0o644]
    assert [path.parent.stat().st_mode & 0o777 for path in made] == [0o700, 0o700, 0o755]
