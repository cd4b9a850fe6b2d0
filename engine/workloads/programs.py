"""Made-up Python: plausible functions about everyday records, of a wanted length."""

from functools import cache

from ..draws import Draws

_NOUNS = (
    "order", "invoice", "customer", "shipment", "account", "session", "ticket", "product", "booking", "sensor",
    "document", "payment", "member", "route", "report", "device",
)  # fmt: skip
_SHORTEST_CHARACTERS = 180
_FIELDS = ("amount", "status", "region", "priority", "weight", "score")

_FUNCTIONS = (
    '''def load_{noun}s(path: Path) -> list[{Noun}]:
    """Read every {noun} from `path`, skipping lines that do not parse."""
    {noun}s = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                {noun}s.append({Noun}.from_json(line))
            except ValueError as error:
                logger.warning("line %d of %s: %s", number, path, error)
    return {noun}s
''',
    '''def total_{field}(self, {noun}s: Iterable[{Noun}]) -> Decimal:
    """Sum of `{field}` over the {noun}s that are still open."""
    return sum(({noun}.{field} for {noun} in {noun}s if not {noun}.closed), start=Decimal(0))
''',
    '''def group_{noun}s_by_{field}({noun}s: Iterable[{Noun}]) -> dict[str, list[{Noun}]]:
    """The {noun}s of each {field}, newest first."""
    groups: dict[str, list[{Noun}]] = defaultdict(list)
    for {noun} in sorted({noun}s, key=lambda item: item.created_at, reverse=True):
        groups[{noun}.{field}].append({noun})
    return dict(groups)
''',
    '''async def fetch_{noun}(client: Client, {noun}_id: int, timeout_s: float = 5.0) -> {Noun} | None:
    """One {noun} from the service; None if it does not exist."""
    response = await client.get(f"/{noun}s/{{{noun}_id}}", timeout=timeout_s)
    if response.status_code == 404:
        return None
    response.raise_for_status()
    return {Noun}(**response.json())
''',
    '''@dataclass(frozen=True)
class {Noun}:
    """A {noun} as the database holds it."""

    id: int
    name: str
    {field}: Decimal
    created_at: datetime
    closed: bool = False
    tags: tuple[str, ...] = ()

    def age_days(self, now: datetime) -> int:
        return (now - self.created_at).days
''',
    '''def validate_{noun}({noun}: {Noun}) -> list[str]:
    """Everything that is wrong with `{noun}`, in words."""
    problems = []
    if not {noun}.name.strip():
        problems.append("the name is empty")
    if {noun}.{field} < 0:
        problems.append(f"{field} is negative: {{{noun}.{field}}}")
    if {noun}.created_at > datetime.now(timezone.utc):
        problems.append("created in the future")
    return problems
''',
    """def test_{noun}_with_highest_{field}_comes_first() -> None:
    low, high = make_{noun}({field}=1), make_{noun}({field}=9)
    assert rank_{noun}s([low, high]) == [high, low]
    assert rank_{noun}s([]) == []
""",
    '''def save_{noun}s(connection: Connection, {noun}s: Sequence[{Noun}], batch: int = 500) -> int:
    """Insert or replace {noun}s in batches; returns how many rows changed."""
    changed = 0
    for start in range(0, len({noun}s), batch):
        rows = [({noun}.id, {noun}.name, {noun}.{field}) for {noun} in {noun}s[start : start + batch]]
        cursor = connection.executemany("REPLACE INTO {noun}s VALUES (?, ?, ?)", rows)
        changed += cursor.rowcount
    connection.commit()
    return changed
''',
)


_RECORDS_PER_FILE = 3


@cache
def _functions(noun: str) -> tuple[str, ...]:
    return tuple(
        template.format(noun=noun, Noun=noun.title(), field=field) for template in _FUNCTIONS for field in _FIELDS
    )


def listing(draws: Draws, noun: str, characters: int) -> str:
    """A module about `noun` and two other records, cut at a line so that at most `characters` are left."""
    nouns = (noun, *(record_name(draws) for _ in range(_RECORDS_PER_FILE - 1)))
    functions = [function for each in nouns for function in _functions(each)]
    words = draws.words(max(characters, 0) // _SHORTEST_CHARACTERS + 1)
    text = "\n\n".join([functions[word % len(functions)] for word in words])[: max(characters, 0)]
    return text[: text.rfind("\n") + 1]


def record_name(draws: Draws) -> str:
    """What a made-up module is about."""
    return draws.pick(_NOUNS)


def field_name(draws: Draws) -> str:
    """A field of a made-up record."""
    return draws.pick(_FIELDS)
