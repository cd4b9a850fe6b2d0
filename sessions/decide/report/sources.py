"""Where the figures come from: every price with its date, every capacity with the run it was seen in."""

from ....backends.printable import printable
from ...figures import number
from ..capacity import Capacity
from ..decision import Decision
from .blocks import Block, Points, Section, Table
from .forms import maybe, name, within


def prices(decision: Decision) -> Section:
    """Every price that went in."""
    rows = tuple(
        (
            name(each.option),
            {"ApiPrice": "API", "RentedPrice": "rented", "OwnedPrice": "owned"}[type(each.price).__name__],
            "undated" if each.age_days is None else f"{each.age_days} days",
            each.words,
        )
        for each in decision.prices
    )
    head = ("option", "basis", "age", "price, source and date")
    why = f"As of {decision.today}. infertop prices shows the book; your own lists win over it."
    return Section("Prices", (Table(head, rows, words=2, tail=1),) if rows else (), why)


def capacities(decision: Decision) -> Section:
    """What one replica of each option does for each class within the limits, and who says so."""
    if not decision.capacities:
        return Section("Capacities", ())
    head = ("option", "class", "", "requests/s", "in flight", "tokens in, out", "bound by")
    rows = tuple(
        (
            name(each.option),
            name(each.class_name),
            each.label,
            "limits cannot be kept" if not each.kept else f"{within(each.requests_per_s, number)}{_more(each)}",
            maybe(each.in_flight),
            f"{number(each.input_tokens)}, {number(each.output_tokens)}",
            printable(each.binding, 200) or "–",
        )
        for each in decision.capacities
    )
    blocks: list[Block] = [Table(head, rows, words=3, tail=1)]
    origins = (f"{name(each.option)}, {name(each.class_name)}: {each.source}" for each in decision.capacities)
    blocks.append(Points(tuple(origins), "Where from"))
    notes: dict[str, dict[str, None]] = {}
    for each in decision.capacities:
        notes.setdefault(each.option, {}).update(dict.fromkeys(each.notes))
    known = tuple(f"{name(option)}: {'; '.join(said)}" for option, said in notes.items() if said)
    if known:
        blocks.append(Points(known, "To know"))
    return Section("Capacities", tuple(blocks), "The most that one replica serves of a class within its limits.")


def _more(of: Capacity) -> str:
    return " or more" if of.lower_bound else ""
