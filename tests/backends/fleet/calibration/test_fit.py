"""The fit finds what made the points, and is not bent by a row that contradicts the others."""

import math
from dataclasses import replace

import pytest

from infertop.backends.fleet.calibration.fit import (
    LOAD,
    SPEED_SCALE,
    families,
    fit,
    of_family,
    of_load,
    speed_priors,
)
from infertop.backends.fleet.calibration.points import held_out, points
from infertop.backends.fleet.calibration.predict import predict
from infertop.backends.fleet.calibration.priors import OWN, POWER, SHARED, Prior
from infertop.backends.fleet.families import parameters

MEASURED = ("h100x4/llama-3.3-70b/bf16", "h100x1/llama-3.1-8b/bf16")
POINTS = [point for point in points() if point.configuration in MEASURED]
ALL = speed_priors()
KNOWN = {name: prior.median for name, prior in ALL.items()}
EXACT = {"tok_s": 0.002, "itl_p50_ms": 0.002}  # the points below have no errors of their own
TRUTH = {("hopper", "bandwidth_efficiency"): 0.7, ("hopper", "layer_us"): 45.0}
ASKED = {name: Prior(ALL[name].median, 2.0, "hardly any") for name in TRUTH}


def made(truth):
    values = {**KNOWN, **truth}
    fitted, load = of_family("hopper", values), of_load(values)
    return [replace(point, published=dict(predict(point, fitted, load))) for point in POINTS]


def test_it_finds_the_parameters_that_made_the_points() -> None:
    found = fit(made(TRUTH), ASKED, EXACT, known=KNOWN)
    for name, value in TRUTH.items():
        assert found[name] == pytest.approx(value, rel=0.02)
    assert all(found[name] == value for name, value in KNOWN.items() if name not in ASKED)


def test_one_row_that_contradicts_all_others_does_not_bend_it() -> None:
    first, *others = made(TRUTH)
    starved = replace(first, published={metric: value * 3 for metric, value in first.published.items()})
    found = fit([starved, *others], ASKED, EXACT, known=KNOWN)
    assert found["hopper", "bandwidth_efficiency"] == pytest.approx(0.7, rel=0.05)


def test_without_points_priors_stay() -> None:
    found = fit([], ASKED, EXACT, known=KNOWN)
    assert all(found[name] == pytest.approx(prior.median) for name, prior in ASKED.items())


def test_every_family_has_every_parameter() -> None:
    for family in ("hopper", "blackwell", "cdna3", "tpu", "neuron"):
        assert {*OWN, *SHARED} <= set(of_family(family, KNOWN))
    assert math.isclose(of_family("cdna3", KNOWN)["step_ms"], of_family("hopper", KNOWN)["step_ms"])


@pytest.mark.slow
def test_the_shipped_parameters_are_the_fits() -> None:
    """From the points that are not held out, and from nothing else."""
    aside = held_out(points())
    found = fit([point for point in points() if point.id not in aside], speed_priors(), SPEED_SCALE)
    shipped = {family: parameters(family) for family in families()} | {LOAD: parameters(LOAD)}
    for family, values in shipped.items():
        expected = of_load(found) if family == LOAD else of_family(family, found)
        for name, value in values.items():
            if name not in POWER:
                assert value == pytest.approx(expected[name], rel=0.01), (family, name)
