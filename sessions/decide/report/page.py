"""A report as one HTML page: self-contained, without script, readable offline, printed, in light and dark."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from ...export.page.head import head
from ...export.page.markup import EMPTY, Html, element, joined
from .blocks import Bar, Block, Curves, Points, Section, Table, Words
from .charts import curve, shares


@cache
def style() -> str:
    """The snapshot's, and what is a report's own."""
    snapshot = Path(__file__).parents[2] / "export" / "page" / "page.css"
    return snapshot.read_text(encoding="utf-8") + Path(__file__).with_name("report.css").read_text(encoding="utf-8")


def written(title: str, sections: Iterable[Section], foot: str, options: Iterable[str]) -> Iterator[str]:
    """The page, piece by piece; `options`, in the order of the demand, get a colour and a marker each."""
    places = {option: at for at, option in enumerate(options)}
    made = list(sections)
    yield "<!doctype html>\n"
    yield '<html lang="en">\n'
    yield head(title, style())
    yield "\n<body>\n<main>\n"
    yield element(
        "header",
        element("p", "infertop · decision", class_="brand"),
        element("h1", title),
        element("p", foot, class_="dim"),
    )
    for at, section in enumerate(made):
        yield _section(section, places, "answer" if at == 0 else None)
        yield "\n"
        if at == 0:
            links = (element("a", each.title, href=f"#{_anchor(each.title)}") for each in made[1:])
            yield element("nav", *links, class_="contents", aria_label="contents")
    yield "</main>\n</body>\n</html>\n"


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "section"


def _section(of: Section, places: dict[str, int], class_: str | None) -> Html:
    why = element("p", of.why, class_="dim") if of.why else EMPTY
    return element(
        "section",
        element("h2", of.title),
        why,
        *_grouped(of.blocks, places),
        class_=class_,
        id=_anchor(of.title),
    )


def _grouped(blocks: tuple[Block, ...], places: dict[str, int]) -> Iterator[Html]:
    """The blocks; bars that follow on each other in one drawing, curves side by side."""
    bars = [each for each in blocks if isinstance(each, Bar)]
    curves = [each for each in blocks if isinstance(each, Curves)]
    for each in blocks:
        match each:
            case Bar():
                if each is bars[0]:
                    yield shares(bars, places)
            case Curves():
                if each is curves[0]:
                    yield element("div", *(curve(one.of, places) for one in curves), class_="curves")
            case _:
                yield _block(each)


def _block(block: Words | Points | Table) -> Html:
    match block:
        case Words(text, tone):
            class_ = {"lead": "lead", "warn": "caveat", "": "dim", "good": "good"}[tone]
            return element("p", text, class_=class_)
        case Points(lines, title):
            listed = element("ul", *(element("li", line) for line in lines))
            return joined([element("h3", title), listed]) if title else listed
        case Table():
            return _table(block)


def _table(block: Table) -> Html:
    classes = ["figure" if block.is_figure(at) else None for at in range(len(block.head))]
    top = element("tr", *(element("th", each, scope="col", class_=classes[at]) for at, each in enumerate(block.head)))
    rows = (
        element("tr", *(element("td", _cell(each), class_=classes[at]) for at, each in enumerate(row)))
        for row in block.rows
    )
    made = element("table", element("thead", top), element("tbody", *rows), class_="told")
    scrolling = element("div", made, class_="wide", tabindex=0)
    return joined([element("h3", block.title), scrolling]) if block.title else scrolling


def _cell(text: str) -> Html:
    """A figure with its interval below it."""
    found = re.fullmatch(r"([^(]+) (\([^()]*\d[^()]*\))", text)
    return joined([element("span", found[1]), element("small", found[2])]) if found else element("span", text)
