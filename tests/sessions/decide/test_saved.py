"""A decision kept and read back: all of it, by its owner only, and a file that is none says so in one line."""

import json
import os
import stat
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from infertop.sessions.decide.saved import SUFFIX, SavedError, file_name, find, load, path_of, save, to_json

from .report.made import DECISION, DEMAND, INFEASIBLE


@pytest.mark.parametrize("decision", [DECISION, INFEASIBLE], ids=["feasible", "infeasible"])
def test_it_comes_back_as_it_was(tmp_path, decision):
    path = save(decision, path_of("mine", tmp_path / "new"))
    assert path == tmp_path / "new" / f"mine{SUFFIX}"
    assert load(path) == decision
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_is_overwritten_unasked(tmp_path):
    path = save(DECISION, tmp_path / "a.json")
    with pytest.raises(SavedError, match="exists already; --force"):
        save(INFEASIBLE, path)
    assert load(path) == DECISION
    save(INFEASIBLE, path, overwrite=True)
    assert load(path) == INFEASIBLE
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SavedError, match="file"):
        save(DECISION, tmp_path / "file" / "a.json")


def test_its_name_can_be_read_and_holds_nothing_evil():
    evil = replace(DECISION, demand=replace(DEMAND, title="../../\x1b Chät & more"))
    made = file_name(evil, datetime(2026, 11, 23, 18, 5, 12, tzinfo=UTC))
    assert made.startswith("2026-11-23T18-05-12_ch-t-more_")
    assert made.endswith(SUFFIX)
    with pytest.raises(SavedError, match="letters, digits"):
        path_of("a b", tmp_path := path_of("/tmp/x.json", None).parent)  # a path is taken as it is
    assert str(tmp_path) == "/tmp"


def test_it_is_found_by_what_a_person_remembers(tmp_path):
    one = save(DECISION, tmp_path / f"2026-11-01T10-00-00_chat_aaa111{SUFFIX}")
    two = save(DECISION, tmp_path / f"2026-11-02T10-00-00_chat_bbb222{SUFFIX}")
    named = save(DECISION, path_of("mine", tmp_path))
    os.utime(one, (1, 1))
    os.utime(two, (2, 2))
    assert find("last", tmp_path) == named
    assert find("mine", tmp_path) == named
    assert find("bbb", tmp_path) == two
    assert find("2026-11-01", tmp_path) == one
    assert find(str(one), tmp_path) == one
    with pytest.raises(SavedError, match="means several"):
        find("2026-11", tmp_path)
    with pytest.raises(SavedError, match="no saved decision is called 'x'; the newest is mine"):
        find("x", tmp_path)
    with pytest.raises(SavedError, match="none is saved"):
        find("last", tmp_path / "empty")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no decision"),
        ("[]", "is no decision"),
        ("{", "is no decision"),
        ('{"schema": "infertop.sweep/1"}', "its schema is 'infertop.sweep/1', not 'infertop.decision/1'"),
        ('{"backends": []}', "it states no schema"),
        ('{"schema": "infertop.decision/1"}', "missing required field"),
        ("[" * 100_000, "is no decision"),
    ],
)
def test_a_file_that_is_none_says_so(tmp_path, text, said):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(SavedError, match=said) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(SavedError, match="No such file"):
        load(tmp_path / "none.json")


def test_the_document_is_json_with_its_schema():
    document = json.loads(to_json(DECISION))
    assert document["schema"] == "infertop.decision/1"
    assert document["split"]["usd_per_month"] == {"value": 24700.0, "low": 21900.0, "high": 29300.0}
