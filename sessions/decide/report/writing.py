"""A decision, or what a revisit found, written in one of the formats of a report."""

from ..decision import Decision
from ..revisit import Revisit, to_json
from ..saved import to_json as decision_to_json
from . import content, markdown, page, text
from .blocks import Points, Section, Words


def written(decision: Decision, suffix: str, width: int) -> str:
    """The report in the format of files that end in `suffix`: .txt (of `width` cells), .md, .html or .json."""
    if suffix == ".json":
        return decision_to_json(decision).decode()
    return _written(decision, list(content.sections(decision)), suffix, width, content.title(decision))


def written_revisit(made: Revisit, suffix: str, width: int) -> str:
    """The same, with what changed in front of it."""
    if suffix == ".json":
        return to_json(made).decode()
    changes = tuple(each.words for each in made.moved) or ("Nothing that bears on it has changed.",)
    when = f"From {made.before_day} to {made.after_day}."
    changed = Section("What changed", (Words(made.words, "lead"), Points(changes)), when)
    sections = [changed, *content.sections(made.after)]
    return _written(made.after, sections, suffix, width, f"{content.title(made.after)}, revisited")


def _written(decision: Decision, sections: list[Section], suffix: str, width: int, title: str) -> str:
    foot = f"infertop {decision.infertop}, as of {decision.today}, seed {decision.demand.seed}"
    match suffix:
        case ".html":
            options = (option.name for option in decision.demand.options)
            return "".join(page.written(title, sections, foot, options))
        case ".md":
            return markdown.written(title, sections, foot)
        case _:
            return text.written(title, sections, width)
