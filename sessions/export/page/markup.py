"""HTML and SVG that is safe by construction: text is escaped unless it was made here."""

from collections.abc import Iterable
from html import escape
from typing import Final

from ....backends.printable import printable
from ...summary import Document
from ..sentence import Figure, Name, Sentence, look_up

MOST_CHARACTERS: Final = 2000
"""Of any one text; those of others come shorter."""


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


EMPTY: Final = Html()


def element(tag: str, *children: "str | Html | Iterable[Html]", **attributes: object) -> Html:
    """`<tag>` around `children`, of which a plain string is text of whatever origin.

    Attributes whose value is None or False are left out, True has no value; `class_` and `data_json` stand for class
    and data-json.
    """
    inner = "".join(map(_child, children))
    return Html(f"<{tag}{_attributes(attributes)}>{inner}</{tag}>")


def void(tag: str, **attributes: object) -> Html:
    """`<tag>` without an end, or an SVG element without children."""
    return Html(f"<{tag}{_attributes(attributes)}/>")


def joined(parts: Iterable[Html], between: str = "") -> Html:
    """`parts` one after another."""
    return Html(between.join(parts))


def _child(child: "str | Html | Iterable[Html]") -> str:
    if isinstance(child, Html):
        return child
    if isinstance(child, str):
        return escape(printable(f"|{child}|", MOST_CHARACTERS)[1:-1])  # blanks at its ends are wanted
    return "".join(child)


def _attributes(attributes: dict[str, object]) -> str:
    made = []
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        key = name.rstrip("_").replace("_", "-")
        made.append(f" {key}" if value is True else f' {key}="{escape(_attribute(value))}"')
    return "".join(made)


def _attribute(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return printable(str(value), MOST_CHARACTERS * 100) if isinstance(value, str) else str(value)


class Teller:
    """Says figures and names of one summary in HTML, each figure with the exact value and its place in the JSON."""

    def __init__(self, summary: Document) -> None:
        self.summary = summary

    def figure(self, of: Figure, why_none: str = "not known") -> Html:
        """`<data>`, or a dash that says why there is none."""
        value = look_up(self.summary, of.path)
        if value is None:
            return element("span", "–", class_="none", title=why_none)
        return element("data", of.form(value), value=repr(value), data_json=of.path)

    def name(self, place: int) -> Html:
        """A backend's name with its marker."""
        return joined([swatch(place), element("b", printable(self.summary.backends[place].name, 60))])

    def sentence(self, said: Sentence) -> Html:
        """`said` with its figures and names."""
        return joined(map(self._piece, said))

    def _piece(self, piece: str | Figure | Name) -> Html:
        match piece:
            case Figure():
                return self.figure(piece)
            case Name(place):
                return self.name(place)
            case _:
                return element("span", piece)


MARKERS: Final = "●■▲◆○□△◇"
"""One a backend, as on screen (`tui.draw.glyphs`)."""


def series_class(place: int) -> str:
    """The class of the colour and dash of the backend in that place."""
    return f"s{place % len(MARKERS)}"


def swatch(place: int) -> Html:
    """The marker of the backend in that place, in its colour."""
    return element("i", MARKERS[place % len(MARKERS)], class_=f"mark {series_class(place)}", aria_hidden="true")
