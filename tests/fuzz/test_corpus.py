"""What fuzzing began with, and what it found, once more."""

import pytest

from .seeds import CORPUS, kept, seeds
from .targets import TARGETS, in_a_loop


@pytest.mark.parametrize("target", TARGETS)
def test_every_kept_input_passes(target):
    assert kept(target), f"tests/fuzz/corpus/{target} holds nothing"
    in_a_loop(TARGETS[target], seeds(target))


def test_the_corpus_holds_nothing_for_a_target_that_is_gone():
    assert {folder.name for folder in CORPUS.iterdir()} == set(TARGETS)


@pytest.mark.parametrize(("target", "stream"), [("sse", b"data: a\n\n"), ("ndjson", b"xy\n")])
def test_a_splitter_that_depends_on_the_cut_is_found(monkeypatch, target, stream):
    from . import targets

    class Forgetful:
        """Begins anew with every read."""

        def feed(self, read):
            return [line.removeprefix(b"data: ") for line in read.split(b"\n")[:-1] if line]

    monkeypatch.setattr(targets, "SseSplitter", Forgetful)
    monkeypatch.setattr(targets, "LineSplitter", Forgetful)
    with pytest.raises(AssertionError, match="expected"):
        TARGETS[target](stream)
