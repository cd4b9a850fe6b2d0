"""What rows are taken to mean, and which of them are kept aside."""

import pytest

from infertop.backends.fleet.calibration.points import Point, held_out, points

BY_ID = {point.id: point for point in points()}


@pytest.mark.parametrize(
    ("id_", "configuration", "load", "batch"),
    [
        ("mle225", "h100x4/llama-3.3-70b/bf16", "steady", 127.6),
        ("mle452", "b200x1/gpt-oss-120b/mxfp4", "steady", 31.99),
        ("ds16", "mi300xx8/llama-3.1-405b/fp8", "at once", 16),
        ("neu_thr0", "inferentia2x12/llama-3.1-8b/int8", "static", 8),
        ("neu_thr4", "inferentia2x12/llama-3.3-70b/bf16", "static", 1),
        ("tpu1", "tpu-v6ex8/llama-3.3-70b/bf16", "steady", 64),
        ("grq2", "groqx576/llama-2-70b/fp8", "stream", 1),
        ("cer1", "cerebrasx4/gpt-oss-120b/mxfp4", "stream", 1),
    ],
)
def test_a_row_is_what_its_source_did(id_: str, configuration: str, load: str, batch: float) -> None:
    point = BY_ID[id_]
    assert (point.configuration, point.load, point.batch) == (configuration, load, batch)


def test_what_is_held_out_depends_on_the_setting_alone() -> None:
    every = points()
    aside = held_out(every)
    assert aside
    assert aside == held_out(tuple(reversed(every)))
    assert all(BY_ID[id_].platform.family in {"hopper", "blackwell"} for id_ in aside)  # the others have few points
    large = [point for point in every if point.platform.family in {"hopper", "blackwell"}]
    assert 0.15 < len(aside) / len(large) < 0.4


def test_no_two_points_share_a_setting() -> None:
    """A measurement printed twice must not be on both sides."""
    settings = [point.setting for point in points()]
    repeated = {setting for setting in settings if settings.count(setting) > 1}
    assert repeated <= {setting for setting in settings if "/stream/" in setting}


def test_figures_are_positive() -> None:
    def value(point: Point) -> list[float]:
        return list(point.published.values())

    assert all(figure > 0 for point in points() for figure in value(point))
