"""Published measurements, as rows of `backends/data/calibration.csv`."""

import csv
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

from ..catalogue import usual_precision
from ..platforms import PLATFORMS, Platform
from ..shapes import Model, models

CALIBRATION_CSV: Final = Path(__file__).parents[2] / "data" / "calibration.csv"

Load = Literal["steady", "at once", "static", "stream"]
"""What the source measured, and so how a row is modelled (`predict.py`)."""

Metric = Literal["tok_s", "itl_p50_ms", "tpot_p50_ms", "ttft_p50_ms", "itl_p99_ms", "ttft_p99_ms", "power_w"]

METRICS: Final[Mapping[Metric, str]] = {
    "tok_s": "output_tok_s",
    "itl_p50_ms": "itl_p50_ms",
    "tpot_p50_ms": "tpot_p50_ms",
    "ttft_p50_ms": "ttft_p50_ms",
    "itl_p99_ms": "itl_p99_ms",
    "ttft_p99_ms": "ttft_p99_ms",
    "power_w": "power_w",
}
"""What is compared, and the column of calibration.csv that holds it."""

_PLATFORMS: Final = {platform.accelerator: platform for platform in PLATFORMS.values()} | {
    "B200 SXM": PLATFORMS["b200"]
}
_MODELS: Final = {
    "llama-2-70b": "llama-2-70b",
    "8b": "llama-3.1-8b",
    "70b": "llama-3.3-70b",
    "405b": "llama-3.1-405b",
    "gpt-oss-120b": "gpt-oss-120b",
    "gpt-oss-20b": "gpt-oss-20b",
    "qwen3-32b": "qwen3-32b",
}
"""A part of the source's spelling to the model of that shape; Llama 3, 3.1 and 3.3 differ in weights alone."""

_HELD_OUT_OF: Final = 12
"""Families with fewer points than this keep all of them in the fit; leaving configurations out tests those."""


@dataclass(frozen=True, slots=True)
class Point:
    """One published row.

    Attributes:
        id: of the row.
        platform: accelerator and engine.
        model: by its shape.
        precision: of the weights.
        chips: that shared the model.
        load: what the source did.
        batch: sequences at once.
        input_tokens: of each prompt; 0 where only the kind of prompt is known.
        prompts: that kind ("chat", "reasoning"), or "".
        output_tokens: of each answer.
        published: the figures.
    """

    id: str
    platform: Platform
    model: Model
    precision: str
    chips: int
    load: Load
    batch: float
    input_tokens: int
    prompts: str
    output_tokens: float
    published: Mapping[Metric, float]

    @property
    def configuration(self) -> str:
        """Hardware and model, whatever the load."""
        return f"{self.platform.id}x{self.chips}/{self.model.name}/{self.precision}"

    @property
    def setting(self) -> str:
        """Configuration and load: rows that share it are the same measurement."""
        asked = self.prompts or self.input_tokens
        return f"{self.configuration}/{self.load}/{round(self.batch)}/{asked}/{self.output_tokens:g}"


@cache
def points() -> tuple[Point, ...]:
    """Every distinct published measurement; a row that repeats another's setting and figures counts once."""
    with CALIBRATION_CSV.open(encoding="utf-8", newline="") as file:
        rows = [_point(row) for row in csv.DictReader(file)]
    distinct = {(point.setting, *point.published.items()): point for point in reversed(rows)}
    return tuple(reversed(distinct.values()))


def held_out(every: Sequence[Point]) -> frozenset[str]:
    """Ids of the points kept out of the fit: a quarter by the hash of their setting, whatever their figures."""
    size = Counter(point.platform.family for point in every)
    return frozenset(
        point.id
        for point in every
        if size[point.platform.family] >= _HELD_OUT_OF and hashlib.sha256(point.setting.encode()).digest()[0] % 4 == 0
    )


def _point(row: Mapping[str, str]) -> Point:
    platform = _PLATFORMS[row["hardware"]]
    spelling = row["model"].lower()
    model = models()[next(name for part, name in _MODELS.items() if part in spelling)]
    known_input = row["input_len"].isdecimal()
    return Point(
        id=row["id"],
        platform=platform,
        model=model,
        precision=_precision(row["precision"], platform, model),
        chips=int(row["chips"]) if row["chips"].isdecimal() else platform.chips,
        load=_load(row),
        batch=float(row["load_value"]),
        input_tokens=int(row["input_len"]) if known_input else 0,
        prompts="" if known_input else row["input_len"],
        output_tokens=float(row["output_len"] or 0),
        published={metric: float(row[column]) for metric, column in METRICS.items() if row[column]},
    )


def _precision(word: str, platform: Platform, model: Model) -> str:
    return "bf16" if word == "bfloat16" else word or usual_precision(platform, model)


def _load(row: Mapping[str, str]) -> Load:
    if not row["output_len"]:
        return "stream"
    if "static batching" in row["note"]:
        return "static"
    return "at once" if "all prompts at once" in row["note"] else "steady"
