"""Fitted parameters of each accelerator family: read from `backends/data/fleet_fit.csv`, never fitted here.

The file is written by `python -m infertop.backends.fleet.calibration`.
"""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

FIT_CSV: Final = Path(__file__).parents[1] / "data" / "fleet_fit.csv"

Parameters = Mapping[str, float]
"""Value by name; the names and their meaning are in `calibration/priors.py`."""


@cache
def parameters(family: str) -> Parameters:
    """All parameters of `family`; what is shared by several families is in each of them."""
    with FIT_CSV.open(encoding="utf-8", newline="") as file:
        return {row["parameter"]: float(row["value"]) for row in csv.DictReader(file) if row["family"] == family}
