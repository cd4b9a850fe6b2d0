"""Power by TDP: which chip a few words mean, and that the curve is the published one."""

import pytest

from infertop.backends.observe.modelled import tdp_model


@pytest.mark.parametrize(
    ("hardware", "accelerator", "chips"),
    [
        ("H200 ×4", "H200 SXM", 4),
        ("8x H100 SXM5", "H100 SXM", 8),
        ("NVIDIA H100 80GB HBM3", "H100 SXM", 1),
        ("MI300X x 8", "MI300X", 8),
        ("Inferentia2 ×12", "Inferentia2", 12),
        ("TPU v4 ×4", "TPU v4", 4),
    ],
)
def test_words_name_a_chip(hardware, accelerator, chips):
    model = tdp_model(hardware)
    assert (model.accelerator, model.chips) == (accelerator, chips)


@pytest.mark.parametrize("hardware", ["", "H100 PCIe", "a laptop", "TPU v6e ×8", "H200 ×0"])
def test_no_model_without_a_chip_whose_tdp_is_public(hardware):
    assert tdp_model(hardware) is None


def test_the_curve_passes_through_the_published_points():
    """An H100 under Llama-3.1-70B drew 441 W decoding 8 requests and 623 W decoding 510 (ML.ENERGY)."""
    model = tdp_model("H100 SXM")
    assert model.watts(510) == pytest.approx(623, rel=0.01)
    assert model.watts(8) == pytest.approx(441, rel=0.01)
    assert model.watts(0) == model.idle_watts < model.watts(1)
    curve = [model.watts(running) for running in range(600)]
    assert curve == sorted(curve)
    assert curve[-1] <= 700
