"""The command palette: everything that a key can do, by name, and what no key has room for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from .draw.rows import fit
from .widgets.steady_size import SteadySize

_NAME: Final = 56


class EntryPalette(SteadySize, CommandPalette):
    """Where letters of a name are typed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to do.

    Attributes:
        name: safe text, what is sought.
        keys: that do it too; "" for none.
        run: does it.
    """

    name: str
    keys: str
    run: Callable[[], object]


def provider(entries: Callable[[], Iterable[Entry]]) -> type[Provider]:
    """A provider of the entries that there are when the palette opens; nothing in them is taken for markup."""

    class Entries(Provider):
        """Textual makes it of its class."""

        async def discover(self) -> Hits:
            """All of them."""
            for entry in entries():
                yield DiscoveryHit(_shown(entry), entry.run, text=entry.name)

        async def search(self, query: str) -> Hits:
            """Those that `query` fits."""
            matcher = self.matcher(query)
            for entry in entries():
                if score := matcher.match(entry.name):
                    yield Hit(score, _shown(entry), entry.run, text=entry.name)

    return Entries


def _shown(entry: Entry) -> Content:
    return Content.assemble(fit(entry.name, _NAME), (f"  {entry.keys}", "dim"))
