"""A strict reader of our pages: tags that match, figures with their places, nothing that could fetch or run."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br"}


@dataclass
class Shown:
    """A figure on a page: what is seen, the exact value, where it stands in the JSON."""

    text: str
    value: float
    path: str


@dataclass
class Reader(HTMLParser):
    """Reads a page; raises AssertionError where a tag is not closed in order."""

    figures: list[Shown] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    attributes: list[tuple[str, str]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self._figure: tuple[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "data":
            known = dict(attrs)
            self.figures.append(Shown("", float(known["value"] or ""), known["data-json"] or ""))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> without a beginning"
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        self.text += data
        if self._open and self._open[-1] == "data":
            self.figures[-1].text += data

    def close(self) -> None:
        super().close()
        assert not self._open, f"never closed: {self._open}"


def read(page: str) -> Reader:
    """The page, read to its end."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader
