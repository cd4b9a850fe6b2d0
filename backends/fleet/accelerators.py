"""Accelerators: facts from `backends/data/hardware.csv`; what is not published is None."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

HARDWARE_CSV: Final = Path(__file__).parents[1] / "data" / "hardware.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """One chip.

    Attributes:
        name: as people call it.
        vendor: who makes it.
        memory_gb: size of the memory that holds the weights.
        memory_kind: HBM3, SRAM, ….
        bandwidth_tb_s: of that memory.
        bf16_tflops: dense, 16-bit.
        fp8_tflops: dense, 8-bit (int8 where the source says so).
        tdp_w: design power.
        link_gb_s: to the other chips, one direction where the vendor says which.
        chips_per_node: in one server.
        allin_kw_per_chip: data-centre power with everything around the chip.
        source: of these facts, with date; says what is unverified.
    """

    name: str
    vendor: str
    memory_gb: float
    memory_kind: str
    bandwidth_tb_s: float
    bf16_tflops: float
    fp8_tflops: float | None
    tdp_w: float | None
    link_gb_s: float | None
    chips_per_node: int
    allin_kw_per_chip: float | None
    source: str


@cache
def accelerators() -> Mapping[str, Accelerator]:
    """Every known accelerator by its name, in the order of the file."""
    with HARDWARE_CSV.open(encoding="utf-8", newline="") as file:
        return {row["accelerator"]: _accelerator(row) for row in csv.DictReader(file)}


def _accelerator(row: Mapping[str, str]) -> Accelerator:
    def known(column: str) -> float | None:
        return float(row[column]) if row[column] else None

    return Accelerator(
        name=row["accelerator"],
        vendor=row["vendor"],
        memory_gb=float(row["memory_gb"]),
        memory_kind=row["memory_kind"],
        bandwidth_tb_s=float(row["bandwidth_tb_s"]),
        bf16_tflops=float(row["bf16_dense_tflops"]),
        fp8_tflops=known("fp8_dense_tflops"),
        tdp_w=known("tdp_w"),
        link_gb_s=known("link_gb_s"),
        chips_per_node=int(row["chips_per_node"]),
        allin_kw_per_chip=known("allin_kw_per_chip"),
        source=row["source"],
    )
