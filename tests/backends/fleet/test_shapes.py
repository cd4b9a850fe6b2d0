"""Model shapes: the vendors' parameter counts follow from their own widths and depths."""

import pytest

from infertop.backends.fleet.shapes import PRECISION_BYTES, Model, models

every_model = pytest.mark.parametrize("model", models().values(), ids=list(models()))


def parameters(model: Model, experts: int) -> int:
    """Weights of the matrices, with so many experts a layer (1 for a dense model)."""
    attention = model.hidden * model.head_dim * 2 * (model.heads + model.kv_heads)
    feed_forward = 3 * model.hidden * model.feed_forward * experts
    return model.layers * (attention + feed_forward) + 2 * model.vocabulary * model.hidden


@every_model
def test_the_parameter_count_follows_from_the_shape(model: Model) -> None:
    assert parameters(model, model.experts or 1) == pytest.approx(model.parameters, rel=0.002)


@every_model
def test_so_does_the_active_count(model: Model) -> None:
    embedding = model.vocabulary * model.hidden
    active = parameters(model, model.experts_per_token or 1)
    assert active - embedding <= model.active_parameters * 1.01 <= active * 1.02  # vendors count it or not


@every_model
def test_precisions_are_known_and_the_published_one_comes_first(model: Model) -> None:
    assert set(model.precisions) <= set(PRECISION_BYTES)
    assert all(model.weight_bytes(model.precisions[0]) <= model.weight_bytes("bf16") for _ in model.precisions)
    assert model.source


def test_the_published_sizes_of_checkpoints() -> None:
    """Meta's 70B is 141 GB, its FP8 405B 406 GB, OpenAI's 120B about 65 GB (60.8 GiB) and 20B 13.8 GB (12.8 GiB)."""
    sizes = {name: model.weight_bytes(model.precisions[0]) / 1e9 for name, model in models().items()}
    assert sizes["llama-3.3-70b"] == pytest.approx(141.1, abs=0.1)
    assert sizes["llama-3.1-405b"] == pytest.approx(405.9, abs=0.1)
    assert sizes["gpt-oss-120b"] == pytest.approx(65.3, abs=0.2)
    assert sizes["gpt-oss-20b"] == pytest.approx(13.75, abs=0.1)


def test_keys_and_values_of_windowed_layers_do_not_grow() -> None:
    model = models()["gpt-oss-120b"]
    assert model.kv_bytes_per_token == 18 * 2 * 8 * 64 * 2
    assert model.window_bytes == 18 * 128 * 2 * 8 * 64 * 2
    assert models()["llama-3.1-8b"].window_bytes == 0
