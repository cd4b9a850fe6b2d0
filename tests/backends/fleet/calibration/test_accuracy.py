"""The shipped errors are the shipped model's, and within what was promised."""

import csv
from importlib.resources import files

import pytest

from infertop.backends.fleet.accuracy import ALL_FAMILIES, TITLES, Figure, figures, summaries
from infertop.backends.fleet.calibration.fit import LOAD, families
from infertop.backends.fleet.calibration.points import held_out, points
from infertop.backends.fleet.calibration.predict import predict
from infertop.backends.fleet.families import parameters

SUMMARIES = {(row.family, row.metric): row for row in summaries(figures())}


def test_the_error_table_is_the_models() -> None:
    """Nobody changed the cost model or the parameters without writing the table again."""
    told = {(figure.point, figure.metric): figure for figure in figures()}
    aside = held_out(points())
    compared = 0
    for point in points():
        modelled = predict(point, parameters(point.platform.family), parameters(LOAD))
        for metric, published in point.published.items():
            if metric in modelled:
                figure = told[point.id, metric]
                assert figure.published == pytest.approx(published)
                assert figure.modelled == pytest.approx(modelled[metric], rel=0.005)  # parameters have four figures
                assert figure.split == ("held out" if point.id in aside else "fitted")
                compared += 1
    assert compared == len(told) == len(figures())


def test_held_out_speed_is_within_fifteen_per_cent() -> None:
    for metric in ("tok_s", "itl_p50_ms"):
        count, error = SUMMARIES[ALL_FAMILIES, metric].held_out
        assert count >= 15
        assert error is not None
        assert error < 0.15


def test_hardware_and_models_never_seen_are_within_fifteen_per_cent_too() -> None:
    for metric in ("tok_s", "itl_p50_ms"):
        _, error = SUMMARIES[ALL_FAMILIES, metric].left_out
        assert error is not None
        assert error < 0.15


@pytest.mark.parametrize("family", families())
def test_no_family_is_worse_than_35_per_cent(family: str) -> None:
    for metric in ("tok_s", "itl_p50_ms", "tpot_p50_ms"):
        if row := SUMMARIES.get((family, metric)):
            errors = [error for _, error in (row.fitted, row.held_out) if error is not None]
            assert errors
            assert max(errors) < 0.35


def test_gpu_power_is_within_twenty_per_cent() -> None:
    for family in ("hopper", "blackwell"):
        row = SUMMARIES[family, "power_w"]
        assert all(error is not None and error < 0.20 for _, error in (row.fitted, row.held_out))


def test_every_family_was_measured() -> None:
    assert {figure.family for figure in figures()} == set(families())
    assert {figure.metric for figure in figures()} == set(TITLES)


def test_parameters_are_physical() -> None:
    for family in families():
        for name, value in parameters(family).items():
            assert value > 0
            if name.endswith("_efficiency"):
                assert value <= 1, (family, name)


def test_every_row_of_the_data_is_compared_or_a_repetition() -> None:
    with (files("infertop.backends") / "data" / "calibration.csv").open(encoding="utf-8") as file:
        rows = {row["id"] for row in csv.DictReader(file)}
    repeated = {"neu_lat4", "neu_lat7", "neu_lat9"}  # the same as neu_thr4, 7 and 9
    assert rows - {point.id for point in points()} == repeated
    assert {figure.point for figure in figures()} == {point.id for point in points()}


def figure(split: str, published: float, modelled: float, left_out: float) -> Figure:
    return Figure(
        point="p",
        family="f",
        platform="h100",
        model="m",
        precision="bf16",
        chips=1,
        batch=1,
        split=split,  # type: ignore[arg-type]
        metric="tok_s",
        published=published,
        modelled=modelled,
        left_out=left_out,
    )


def test_medians_of_absolute_errors_by_split() -> None:
    rows = summaries(
        [figure("fitted", 100, 110, 150), figure("fitted", 100, 80, 100), figure("held out", 200, 210, 100)]
    )
    assert [row.family for row in rows] == [ALL_FAMILIES, "f"]
    for row in rows:
        assert row.fitted == (2, pytest.approx(0.15))
        assert row.held_out == (1, pytest.approx(0.05))
        assert row.left_out == (3, pytest.approx(0.5))


def test_nothing_to_compare_is_none() -> None:
    (row, _) = summaries([figure("fitted", 100, 110, 150)])
    assert row.held_out == (0, None)
