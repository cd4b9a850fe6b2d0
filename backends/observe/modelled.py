"""Power nobody measures, from the thermal design power (TDP) of the chips: a rule of thumb, and labelled as one."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import sqrt
from pathlib import Path
from typing import Final

_HARDWARE_CSV: Final = Path(__file__).parents[1] / "data" / "hardware.csv"

FULL_BATCH: Final = 510
FULL_SHARE: Final = 0.89
LIGHT_SHARE: Final = 0.593
IDLE_SHARE: Final = 0.16
"""Shares of the TDP with a full batch, with the first request, and idle.

An H100 drew 63 % decoding 8 requests and 89 % decoding 510 (ML.ENERGY); the root of the batch between them and the
idle share are assumptions.
"""

_COUNT: Final = re.compile(r"[×x*]\s*(\d+)\b|\b(\d+)\s*[×x*]")
_FORM_FACTORS: Final = frozenset({"sxm"})
_OTHER_FORMS: Final = frozenset({"pcie", "nvl"})
"""The same name on a card with another TDP than the one in the table."""


@dataclass(frozen=True, slots=True)
class TdpModel:
    """Chips of one kind.

    Attributes:
        accelerator: name in the hardware table.
        chips: how many.
        tdp_w: of each.
    """

    accelerator: str
    chips: int
    tdp_w: float

    @property
    def idle_watts(self) -> float:
        """Without load."""
        return self.chips * self.tdp_w * IDLE_SHARE

    def watts(self, running: float) -> float:
        """With `running` requests in the batch: steeply up with the first, then slowly towards the full batch."""
        if running <= 0:
            return self.idle_watts
        share = LIGHT_SHARE + (FULL_SHARE - LIGHT_SHARE) * min(sqrt(running / FULL_BATCH), 1.0)
        return self.chips * self.tdp_w * share

    @property
    def assumes(self) -> str:
        """What the figures rest on."""
        return (
            f"{self.chips} × {self.accelerator}, {self.tdp_w:g} W TDP: {LIGHT_SHARE:.0%} of it with the first "
            f"request, {FULL_SHARE:.0%} with {FULL_BATCH}, {IDLE_SHARE:.0%} idle"
        )


def tdp_model(hardware: str) -> TdpModel | None:
    """The model of what `hardware` names, as "H200 ×4"; None where it names no chip with a public TDP."""
    count = _COUNT.search(hardware)
    chips = int(count[1] or count[2]) if count else 1
    words = _words(_COUNT.sub(" ", hardware))
    if not chips or words & _OTHER_FORMS:
        return None
    for accelerator, tdp_w in _tdp_by_accelerator().items():
        if _words(accelerator) - _FORM_FACTORS <= words:
            return TdpModel(accelerator, chips, tdp_w)
    return None


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z0-9]+", text.lower()))


@cache
def _tdp_by_accelerator() -> Mapping[str, float]:
    with _HARDWARE_CSV.open(encoding="utf-8", newline="") as file:
        return {row["accelerator"]: float(row["tdp_w"]) for row in csv.DictReader(file) if row["tdp_w"]}
