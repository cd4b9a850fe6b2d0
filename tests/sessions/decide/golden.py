"""Texts kept as files, to be read by people when they change."""

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def matches_golden(name, made):
    """Whether `made` equals golden/NAME; INFERTOP_UPDATE_GOLDEN=1 writes it instead."""
    path = GOLDEN / name
    if os.environ.get("INFERTOP_UPDATE_GOLDEN"):
        path.write_text(made, encoding="utf-8")
    assert made == path.read_text(encoding="utf-8")
