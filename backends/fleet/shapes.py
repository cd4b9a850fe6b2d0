"""Shapes of the models that can be served: facts from `backends/data/models.csv`, where adding one is one row."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

MODELS_CSV: Final = Path(__file__).parents[1] / "data" / "models.csv"

PRECISION_BYTES: Final[Mapping[str, float]] = {"bf16": 2, "fp16": 2, "fp8": 1, "int8": 1, "mxfp4": 4.25 / 8}
"""Bytes of one weight; MXFP4 shares an 8-bit scale among 32 weights of 4 bits."""

_CACHE_BYTES: Final = 2
"""Keys, values and everything that is not quantised are 16-bit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The shape of a transformer.

    Attributes:
        name: as `/v1/models` lists it.
        parameters: number of weights.
        active_parameters: those that one token passes through.
        layers: transformer blocks.
        hidden: width of the residual stream.
        feed_forward: inner width of one feed-forward block, or of one expert.
        heads: of the queries.
        kv_heads: of keys and values.
        head_dim: width of a head.
        experts: in each layer; 0 for a dense model.
        experts_per_token: how many of them a token is routed to.
        vocabulary: number of tokens known.
        window_tokens: how far back a windowed layer looks.
        windowed_layers: layers that look no further than that.
        context_tokens: most tokens of prompt and answer together.
        precisions: it is published in; the first is the usual one.
        source: of these facts.
    """

    name: str
    parameters: float
    active_parameters: float
    layers: int
    hidden: int
    feed_forward: int
    heads: int
    kv_heads: int
    head_dim: int
    experts: int = 0
    experts_per_token: int = 0
    vocabulary: int
    window_tokens: int = 0
    windowed_layers: int = 0
    context_tokens: int
    precisions: tuple[str, ...]
    source: str

    @property
    def expert_parameters(self) -> float:
        """Weights of all experts: three matrices each."""
        return 3.0 * self.layers * self.experts * self.hidden * self.feed_forward

    @property
    def kv_bytes_per_token(self) -> int:
        """Keys and values of one token in the layers that keep all of them."""
        return (self.layers - self.windowed_layers) * self._kv_bytes_per_layer

    @property
    def window_bytes(self) -> int:
        """Keys and values of one sequence in the layers that keep only a window."""
        return self.windowed_layers * self.window_tokens * self._kv_bytes_per_layer

    @property
    def _kv_bytes_per_layer(self) -> int:
        return 2 * self.kv_heads * self.head_dim * _CACHE_BYTES

    def weight_bytes(self, precision: str) -> float:
        """Bytes of all weights; MXFP4 covers the experts alone, as published."""
        if precision == "mxfp4":
            rest = self.parameters - self.expert_parameters
            return rest * _CACHE_BYTES + self.expert_parameters * PRECISION_BYTES[precision]
        return self.parameters * PRECISION_BYTES[precision]


@cache
def models() -> Mapping[str, Model]:
    """Every known model by its name, in the order of the file."""
    with MODELS_CSV.open(encoding="utf-8", newline="") as file:
        return {row["name"]: _model(row) for row in csv.DictReader(file)}


def _model(row: Mapping[str, str]) -> Model:
    def count(column: str) -> int:
        return int(row[column] or 0)

    return Model(
        name=row["name"],
        parameters=float(row["parameters_b"]) * 1e9,
        active_parameters=float(row["active_b"]) * 1e9,
        layers=count("layers"),
        hidden=count("hidden"),
        feed_forward=count("feed_forward"),
        heads=count("heads"),
        kv_heads=count("kv_heads"),
        head_dim=count("head_dim"),
        experts=count("experts"),
        experts_per_token=count("experts_per_token"),
        vocabulary=count("vocabulary"),
        window_tokens=count("window_tokens"),
        windowed_layers=count("windowed_layers"),
        context_tokens=count("context_tokens"),
        precisions=tuple(row["precisions"].split()),
        source=row["source"],
    )
