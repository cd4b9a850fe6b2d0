"""The worked example of docs/decide.md: its figures are those that infertop comes to today."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_document_says_what_is_decided(tmp_path, monkeypatch):
    """If not: python docs/examples/decide.py, and read what has become of it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))  # prices of one's own are not the example's
    example = runpy.run_path(str(ROOT / "docs/examples/decide.py"))
    document = (ROOT / "docs/decide.md").read_text(encoding="utf-8")
    assert example["filled_in"](document, example["example"]()) == document
