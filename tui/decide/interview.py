"""An interview as it stands: what is answered, where one is, what is wrong so far. Pure: keys make new ones."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Final

from ...backends.printable import printable
from ...profiles.demand import Demand
from ...profiles.problems import ProfileError
from .questions import (
    CLASS_QUESTIONS,
    CONSTRAINT_QUESTIONS,
    AnswerError,
    Document,
    Question,
    put,
    said,
)

Check = Callable[[Document], Demand]
"""A demand's tables to the demand; raises ProfileError."""

KINDS: Final = ("API", "rented", "owned")
"""How hardware is paid for, by a price's basis."""

_BASES: Final = {"api": "API", "rented": "rented", "owned": "owned"}
_KINDS_QUESTION: Final = Question(
    "kinds",
    "paid how",
    "By the token, by the hour, or bought: what purchasing will sign at all.",
    "choice",
    ("API, rented, owned", "API", "rented", "owned", "API, rented", "API, owned", "rented, owned"),
    "API, rented, owned",
)
MOST_CHARACTERS: Final = 300
"""Of an answer."""


@dataclass(frozen=True, slots=True)
class Line:
    """A question in its place.

    Attributes:
        where: the key's path, as checks name it: `classes[0].ttft_ms`.
        heading: of the group that it opens; "" for none.
        of_class: of which class, None for a question about all.
    """

    where: str
    question: Question
    heading: str = ""
    of_class: int | None = None


@dataclass(frozen=True, slots=True)
class Interview:
    """As it stands.

    Attributes:
        document: the demand's tables when it began; what no question asks for stays as it is.
        answers: texts by `Line.where`.
        at: the line one is on.
        demand: what the answers come to, None while something is wrong.
        problems: what is wrong with an answer, by `Line.where`.
        others: what is wrong beside.
    """

    document: Document
    answers: Mapping[str, str]
    at: int = 0
    demand: Demand | None = None
    problems: Mapping[str, str] | None = None
    others: tuple[str, ...] = ()

    @property
    def line(self) -> Line:
        """Where one is."""
        return lines(self)[self.at]

    def answer(self, line: Line) -> str:
        """What stands there."""
        return self.answers.get(line.where, "")

    def problem(self, line: Line) -> str:
        """What is wrong there, "" for nothing."""
        return (self.problems or {}).get(line.where, "")


def begun(document: Document, check: Check) -> Interview:
    """An interview that begins with the answers in `document`."""
    answers: dict[str, str] = {}
    made = Interview(document=document, answers=answers)
    for line in lines(made):
        answers[line.where] = said(_table(document, line.where), line.question) if "." in line.where else "yes"
    answers[_KINDS_QUESTION.key] = _KINDS_QUESTION.usual
    return checked(made, check)


def lines(of: Interview) -> list[Line]:
    """All questions, in their order."""
    return [*_class_lines(of), *_constraint_lines(), *_option_lines(of)]


def _class_lines(of: Interview) -> Iterator[Line]:
    for at in range(len(of.document.get("classes", ()))):
        for question in CLASS_QUESTIONS:
            where = f"classes[{at}].{question.key}"
            heading = (of.answers.get(where) or f"class {at + 1}") if question.key == "name" else ""
            yield Line(where, question, heading, at)


def _constraint_lines() -> Iterator[Line]:
    for at, question in enumerate(CONSTRAINT_QUESTIONS):
        yield Line(f"constraints.{question.key}", question, "" if at else "what any answer must keep to")


def _option_lines(of: Interview) -> Iterator[Line]:
    yield Line(_KINDS_QUESTION.key, _KINDS_QUESTION, "what may be used")
    for at, option in enumerate(of.document.get("options", ())):
        name = printable(str(option.get("name", "")), 40)
        why = f"{kind_of(option)}: {_priced(option)}"
        yield Line(f"options[{at}]", Question("use", name, why, "yes", usual="yes"))


def kind_of(option: Mapping[str, Any]) -> str:
    """How it is paid for; a price of the book that counts chips is rented."""
    price = option.get("price", {})
    basis = price.get("basis", "")
    if basis == "book":
        return "rented" if "accelerator" in price else "API"
    return _BASES.get(basis, "API")


def _priced(option: Mapping[str, Any]) -> str:
    price = option.get("price", {})
    words = (str(price.get(key, "")) for key in ("seller", "accelerator", "source"))
    chips = price.get("chips", 1)
    return printable(" ".join(filter(None, words)) + (f" ×{chips:g}" if chips != 1 else ""), 80) or "its own price"


def _table(document: Document, where: str) -> Mapping[str, Any]:
    """The table that a question at `where` is about."""
    table = where.rpartition(".")[0]
    if not table.startswith("classes["):
        found: Mapping[str, Any] = document.get(table, {})
        return found
    one: Mapping[str, Any] = document["classes"][int(table[len("classes[") : -1])]
    return one


def checked(of: Interview, check: Check) -> Interview:
    """`of` with what its answers come to, or what is wrong with them."""
    document = deepcopy(of.document)
    document.setdefault("constraints", {})
    problems: dict[str, str] = {}
    every = lines(of)
    for line in every:
        if "." not in line.where:
            continue
        table = line.where.rpartition(".")[0]
        place = document["classes"][line.of_class] if line.of_class is not None else document[table]
        try:
            put(place, line.question, of.answer(line))
        except AnswerError as error:
            problems[line.where] = str(error)
    kept = [at for at, option in enumerate(document.get("options", ())) if _kept(of, at, option)]
    document["options"] = [document["options"][at] for at in kept]
    demand: Demand | None = None
    others: tuple[str, ...] = ()
    if not problems:
        try:
            demand = check(document)
        except ProfileError as error:
            others = tuple(_placed(error, every, problems))
    return replace(of, demand=demand, problems=problems, others=others)


def _kept(of: Interview, at: int, option: Mapping[str, Any]) -> bool:
    kinds = of.answers.get(_KINDS_QUESTION.key, _KINDS_QUESTION.usual)
    return of.answers.get(f"options[{at}]", "yes") == "yes" and kind_of(option) in kinds.split(", ")


def _placed(error: ProfileError, every: list[Line], problems: dict[str, str]) -> Iterator[str]:
    """Put each problem beside its question; yields those that belong to none."""
    wheres = sorted((line.where for line in every if "." in line.where), key=len, reverse=True)
    for problem in error.problems:
        where = next((each for each in wheres if problem.where == each or problem.where.startswith(f"{each}.")), "")
        if not where:
            yield str(problem)
        else:
            problems.setdefault(where, problem.what)


def moved(of: Interview, by: int) -> Interview:
    """On another line, not beyond the ends."""
    return replace(of, at=min(max(of.at + by, 0), len(lines(of)) - 1))


def to_group(of: Interview, by: int) -> Interview:
    """On the first line of the next group, or of the one before."""
    starts = [at for at, line in enumerate(lines(of)) if line.heading]
    found = [at for at in starts if (at > of.at if by > 0 else at < of.at)]
    return replace(of, at=(min(found) if by > 0 else max(found)) if found else of.at)


def choices(question: Question, answer: str) -> tuple[str, ...]:
    """What may be chosen, with an answer that is none of the usual ones; () where one types."""
    if question.kind == "yes":
        return ("yes", "no")
    return (*question.choices, *(() if answer in question.choices else (answer,))) if question.choices else ()


def turned(of: Interview, by: int, check: Check) -> Interview:
    """The next choice, where there are choices."""
    line = of.line
    found = choices(line.question, of.answer(line))
    if not found:
        return of
    now = of.answer(line) or line.question.usual or found[0]
    return _answered(of, found[(found.index(now) + by) % len(found)], check)


def typed(of: Interview, text: str, check: Check) -> Interview:
    """`text` put at the end of an answer; among choices, the next that begins so."""
    line = of.line
    found = choices(line.question, of.answer(line))
    if not found:
        return _answered(of, (of.answer(line) + text)[:MOST_CHARACTERS], check)
    begins = [each for each in found if each.lower().startswith(text.lower())]
    if not begins:
        return of
    now = of.answer(line)
    return _answered(of, begins[(begins.index(now) + 1) % len(begins)] if now in begins else begins[0], check)


def erased(of: Interview, check: Check, *, whole: bool = False) -> Interview:
    """A character less, or all of them."""
    line = of.line
    if choices(line.question, of.answer(line)):
        return of
    return _answered(of, "" if whole else of.answer(line)[:-1], check)


def _answered(of: Interview, text: str, check: Check) -> Interview:
    return checked(replace(of, answers={**of.answers, of.line.where: text}), check)


def with_class(of: Interview, check: Check) -> Interview:
    """One more class, which begins as a copy of the one that one is on, or of the first."""
    at = of.line.of_class or 0
    table = deepcopy(of.document["classes"][at])
    number = len(of.document["classes"])
    document = {**of.document, "classes": [*of.document["classes"], table]}
    answers = dict(of.answers)
    for question in CLASS_QUESTIONS:
        answers[f"classes[{number}].{question.key}"] = answers.get(f"classes[{at}].{question.key}", "")
    answers[f"classes[{number}].name"] = f"class {number + 1}"
    made = replace(of, document=document, answers=answers)
    start = next(place for place, line in enumerate(lines(made)) if line.of_class == number)
    return checked(replace(made, at=start), check)


def without_class(of: Interview, check: Check) -> Interview:
    """Without the class that one is on; the last one stays."""
    gone, count = of.line.of_class, len(of.document["classes"])
    if gone is None or count < 2:
        return of
    tables = [table for at, table in enumerate(of.document["classes"]) if at != gone]
    answers = {where: text for where, text in of.answers.items() if not where.startswith("classes[")}
    left = [at for at in range(count) if at != gone]
    for now, then in enumerate(left):
        for question in CLASS_QUESTIONS:
            answers[f"classes[{now}].{question.key}"] = of.answers.get(f"classes[{then}].{question.key}", "")
    made = replace(of, document={**of.document, "classes": tables}, answers=answers, at=0)
    return checked(made, check)
