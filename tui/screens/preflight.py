"""The screen before a run that costs: start it or leave; meanwhile the servers are asked what they are."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from ...backends.credentials import CredentialError
from ...backends.dialects import dialect, hosted_at
from ...backends.printable import printable
from ...backends.recognition import OPENAI_CHAT, recognise
from ...backends.transport import ProxyError
from ...backends.urls import UrlError
from ...engine.plan import BackendPlan, RunPlan
from ..draw.glyphs import Tier
from ..draw.rows import Row
from ..elsewhere import ELSEWHERE
from ..keys import DEFAULT, Keys
from ..panels.layout import Box
from ..panels.page import scrolled
from ..panels.preflight import Found, draw_preflight
from .sheet import SheetApp


class PreflightApp(SheetApp[bool]):
    """Returns whether the run shall start, None for no.

    Args:
        plan: what will run.
        costs: estimates in words.
        warnings: what else a person should know.
        theme: a palette's name.
        tier: glyphs; chosen from the environment when None.
        keys: in force.
    """

    BINDINGS: ClassVar[list[BindingType]] = list(ELSEWHERE["preflight"])

    def __init__(
        self,
        plan: RunPlan,
        costs: Sequence[str],
        warnings: Sequence[str],
        theme: str = "",
        tier: Tier | None = None,
        keys: Keys = DEFAULT,
    ) -> None:
        hints = (
            (keys.named("preflight-start"), "start"),
            (keys.named("preflight-leave"), "leave, nothing was sent"),
            (keys.named("preflight-down", "preflight-up"), "scroll"),
        )
        super().__init__(keys, hints, theme, tier)
        self._plan = plan
        self._costs = costs
        self._warnings = warnings
        self._found: dict[str, Found] = {}
        self._off = 0

    def on_mount(self) -> None:
        """Ask the servers."""
        super().on_mount()
        self.run_worker(self._ask())

    def page(self, width: int, room: int) -> list[Row]:
        """What will run, found and cost."""
        rows = draw_preflight(self._plan, self._found, self._costs, self._warnings, width)
        self._off = min(self._off, max(len(rows) - room, 0))
        return scrolled(rows, self._off, Box(0, 0, width, room))

    async def _ask(self) -> None:
        await asyncio.gather(*(self._ask_one(backend) for backend in self._plan.backends))

    async def _ask_one(self, backend: BackendPlan) -> None:
        self._found[backend.name] = await found_at(backend)
        self.draw()

    def action_scroll_by(self, rows: int) -> None:
        """Other rows."""
        self._off = max(self._off + rows, 0)
        self.draw()

    def action_start(self) -> None:
        """Start it."""
        self.exit(True)


async def found_at(backend: BackendPlan) -> Found:
    """What answers for `backend`, in words; sends no prompt."""
    if backend.url.startswith("sim:"):
        return Found("SIM: infertop's own simulated fleet", fine=True)
    if not backend.url or backend.api not in {"", OPENAI_CHAT}:
        return Found(
            f"not asked: {printable(backend.api or 'its protocol')} has nothing to ask without a prompt", fine=True
        )
    try:
        answer = await recognise(backend.url, backend.key)
    except (CredentialError, UrlError, ProxyError) as error:
        return Found(printable(str(error)), fine=False)
    what = (
        answer.engine
        or dialect(backend.server or hosted_at(backend.url)).name
        or "a server that speaks OpenAI's protocol"
    )
    if answer.error is not None:
        return Found(f"{what}; {printable(str(answer.error))}", fine=False)
    if backend.model and backend.model not in answer.models:
        return Found(
            f"{what}; it does not list {printable(backend.model, 60)} among {len(answer.models)} models", fine=False
        )
    listed = f"it lists {printable(backend.model or answer.models[0], 60)}" if answer.models else "it lists no models"
    return Found(f"{what}; {listed}", fine=bool(answer.models))
