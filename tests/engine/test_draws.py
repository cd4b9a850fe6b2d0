"""Draws are a pure function of their key, uniform, and never change."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from infertop.engine.draws import Draws


def test_the_stream_is_pinned() -> None:
    """The hash is the generator: these numbers hold for every Python and numpy."""
    draws = Draws("golden", 1)
    assert draws.words(2) == (3751143256, 3667123955)
    assert (draws.word(), draws.uniform()) == (2389784132, 0.3885555831948295)


def test_uniforms_are_uniform_and_independent_of_their_neighbours() -> None:
    values = Draws("uniform").uniforms(100_000)
    assert 0 < values.min() < values.max() < 1
    assert abs(values.mean() - 0.5) < 0.005
    assert abs(values.var() - 1 / 12) < 0.002
    assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 0.01


def test_single_draws_do_not_repeat_where_a_block_ends() -> None:
    draws = Draws("words")
    words = [draws.word() for _ in range(100)]
    assert len(set(words)) == 100


@given(st.integers(1, 500), st.integers())
def test_a_permutation_holds_every_number_once(count: int, seed: int) -> None:
    order = Draws("order", seed).permutation(count)
    assert sorted(order) == list(range(count))
