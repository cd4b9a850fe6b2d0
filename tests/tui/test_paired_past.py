"""How two backends compared on the same prompts, over time."""

import numpy as np

from infertop.engine.frame import Frame, PairFrame
from infertop.engine.serial import SerialSums
from infertop.tui.heatmap import COLUMNS
from infertop.tui.pairedpast import PairedPast

from .frames import SECOND


def past(differences):
    """The past of a pair with one prompt a second, of which the logs differ as given."""
    made, sums = PairedPast(), SerialSums()
    for second, difference in enumerate(differences, 1):
        sums.add(difference)
        pair = PairFrame(a="a", b="b", differences={"tpot": sums.state()})
        made.take(Frame(at_ns=second * SECOND, paired=(pair,)))
    return made


def test_a_column_is_the_mean_of_its_last_minute():
    differences = np.sin(np.arange(200))
    logs = past(differences).ratios("tpot", 1).of("a", "b")
    for column in (-1, -50, -130):
        end = 200 + column + 1
        np.testing.assert_allclose(logs[column], differences[max(end - 60, 0) : end].mean(), atol=1e-5)
    assert np.isnan(logs[: COLUMNS - 200]).all()


def test_the_other_way_round_it_is_the_inverse():
    ratios = past([0.5] * 10).ratios("tpot", 1)
    np.testing.assert_allclose(ratios.of("b", "a")[-5:], -0.5)
    assert np.isnan(ratios.of("a", "c")).all()


def test_what_was_never_paired_is_not_known():
    assert PairedPast().ratios("tpot", 1) is None
    assert past([0.5] * 10).ratios("", 1) is None
    assert np.isnan(past([0.5] * 10).ratios("ttft_sched", 1).of("a", "b")).all()


def test_one_can_look_back():
    made = past([0.1] * 30 + [0.9] * 100)
    then = made.ratios("tpot", 1, until_s=30)
    assert then.end_s == 30
    np.testing.assert_allclose(then.of("a", "b")[-1], 0.1, atol=1e-5)
