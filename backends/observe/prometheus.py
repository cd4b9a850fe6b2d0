"""Prometheus text pages, of which only the families somebody asks for are parsed."""

from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from ..printable import printable
from .readings import SourceError

TEXT_FORMAT: Final = "text/plain;version=0.0.4"
_MOST: Final = 1 << 62
"""What is more cannot cross to a watcher, which counts in 64 bits."""


class Sample(NamedTuple):
    """One line of a page."""

    name: str
    labels: dict[str, str]
    value: float


def samples(page: bytes, names: Collection[str]) -> list[Sample]:
    """The samples of `page` whose name is one of `names`, those without a value that can be counted with left out.

    The parser takes 25 us a line, so it gets only the lines that matter: histograms are most of a page.

    Raises:
        SourceError: such a line is not one.
    """
    lines = page.decode("utf-8", "replace").split("\n")
    wanted = "\n".join(line for line in lines if _name(line) in names)
    try:
        return list(_parsed(f"{wanted}\n"))
    except (ValueError, IndexError) as error:
        raise SourceError(f"not a Prometheus page: {printable(str(error), 120)}") from None


def _name(line: str) -> str:
    return line.partition("{")[0].partition(" ")[0]


def _parsed(text: str) -> Iterator[Sample]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if -_MOST < sample.value < _MOST:  # no infinity, and nothing that is no number
                yield Sample(sample.name, sample.labels, sample.value)
