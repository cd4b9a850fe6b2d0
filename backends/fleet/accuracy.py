"""How far the model is from published measurements: read from `backends/data/fleet_accuracy.csv`.

The file is written together with the fit, by `python -m infertop.backends.fleet.calibration`.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Final, Literal

ACCURACY_CSV: Final = Path(__file__).parents[1] / "data" / "fleet_accuracy.csv"

Split = Literal["fitted", "held out"]

TITLES: Final[Mapping[str, str]] = {
    "tok_s": "tokens/s",
    "itl_p50_ms": "ITL p50",
    "tpot_p50_ms": "TPOT p50",
    "ttft_p50_ms": "TTFT p50",
    "itl_p99_ms": "ITL p99",
    "ttft_p99_ms": "TTFT p99",
    "power_w": "power",
}
"""The metrics compared, in order, as people call them."""

ALL_FAMILIES: Final = "all"


@dataclass(frozen=True, slots=True)
class Figure:
    """One published figure beside the modelled one.

    Attributes:
        point: id of the row in calibration.csv.
        family: of the accelerator.
        platform: the accelerator's id.
        model: what was served.
        precision: of its weights.
        chips: that shared it.
        batch: sequences at once.
        split: whether its point was fitted on.
        metric: a key of `TITLES`.
        published: by the source.
        modelled: with the parameters in use.
        left_out: with parameters fitted without any point of its hardware and model.
    """

    point: str
    family: str
    platform: str
    model: str
    precision: str
    chips: int
    batch: float
    split: Split
    metric: str
    published: float
    modelled: float
    left_out: float

    @property
    def error(self) -> float:
        """Relative, signed."""
        return self.modelled / self.published - 1

    @property
    def left_out_error(self) -> float:
        """Relative, signed, when nothing like it was fitted on."""
        return self.left_out / self.published - 1


@dataclass(frozen=True, slots=True)
class Summary:
    """Median absolute relative errors of one family and metric; None where there are no such figures.

    Attributes:
        family: or `ALL_FAMILIES`.
        metric: a key of `TITLES`.
        fitted: number of figures fitted on, and their error.
        held_out: number of figures kept out of the fit, and their error.
        left_out: number of all figures, and their error when their hardware and model were left out of the fit.
    """

    family: str
    metric: str
    fitted: tuple[int, float | None]
    held_out: tuple[int, float | None]
    left_out: tuple[int, float | None]


@cache
def figures() -> tuple[Figure, ...]:
    """Every published figure that is modelled, in the order of calibration.csv."""
    with ACCURACY_CSV.open(encoding="utf-8", newline="") as file:
        return tuple(
            Figure(
                point=row["point"],
                family=row["family"],
                platform=row["platform"],
                model=row["model"],
                precision=row["precision"],
                chips=int(row["chips"]),
                batch=float(row["batch"]),
                split="held out" if row["split"] == "held out" else "fitted",
                metric=row["metric"],
                published=float(row["published"]),
                modelled=float(row["modelled"]),
                left_out=float(row["left_out"]),
            )
            for row in csv.DictReader(file)
        )


def summaries(compared: Iterable[Figure]) -> tuple[Summary, ...]:
    """The error table: all families together, then each; metrics in the order of `TITLES`."""
    every = tuple(compared)
    families = (ALL_FAMILIES, *dict.fromkeys(figure.family for figure in every))
    table = []
    for family in families:
        for metric in TITLES:
            of = [each for each in every if each.metric == metric and family in {ALL_FAMILIES, each.family}]
            if of:
                table.append(
                    Summary(
                        family,
                        metric,
                        _median(each.error for each in of if each.split == "fitted"),
                        _median(each.error for each in of if each.split == "held out"),
                        _median(each.left_out_error for each in of),
                    )
                )
    return tuple(table)


def _median(errors: Iterable[float]) -> tuple[int, float | None]:
    sizes = [abs(error) for error in errors]
    return len(sizes), median(sizes) if sizes else None
