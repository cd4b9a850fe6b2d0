"""Pages of servers and exporters: pages/*.txt, whose first line says where each is from."""

from pathlib import Path

import pytest

PAGES = Path(__file__).parent / "pages"


@pytest.fixture
def page():
    """The bytes of a page by name."""
    return lambda name: (PAGES / f"{name}.txt").read_bytes()
