"""The prompt stream: prompt number `index` as a pure function of (seed, index).

Every worker on any machine makes the same bytes for the same index, in any order of asking, so nothing is handed
out centrally (architecture.md, "The stream is a pure function").

Made prompts begin with twelve seeded hexadecimal digits under `prefix="unique"`, so no two share a cached prefix,
and with one seeded system prompt of about 1,000 tokens under `prefix="shared"`. The user's own prompts are sent as
they stand under both: their text is theirs, and a second pass over a file may meet warm caches.

A mix draws the class of each prompt from its index; prompt `index` is then the one that class alone has there.
"""

import os
from bisect import bisect
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..backends.base import Message
from ..backends.printable import printable
from .draws import Draws
from .plan import WorkloadPlan
from .workloads import WorkloadError, files
from .workloads.builtin import BUILTIN
from .workloads.lengths import with_cv
from .workloads.mix import parts
from .workloads.prose import passage, pick_topic
from .workloads.workload import CHARACTERS_PER_TOKEN, Workload

SHARED_PREFIX_TOKENS = 1000
"""Length of the system prompt under `prefix="shared"`, on top of the workload's own input length."""

FILE_MAX_TOKENS = 256
"""`max_tokens` of a prompt of the user's that neither the file nor the plan limits."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt, the same for every backend.

    Attributes:
        index: position in the stream.
        workload: the class it belongs to: a built-in workload's name, or the file's.
        messages: the conversation, oldest first.
        max_tokens: most output tokens wanted: the plan's number, else the prompt's own.
        expected_input_tokens: an estimate, characters / 4.
        fixed_length: as the plan says.
        temperature: as the plan says.
    """

    index: int
    workload: str
    messages: tuple[Message, ...]
    max_tokens: int
    expected_input_tokens: int
    fixed_length: bool
    temperature: float


class PromptStream:
    """The prompts of one run, numbered from 0 without end.

    Args:
        seed: of the run.
        workload: which prompts.

    Raises:
        WorkloadError: there is no such workload, or the file cannot be used; the text says what would be right.
    """

    def __init__(self, seed: int, workload: WorkloadPlan) -> None:
        self._seed = seed
        self._workload = workload
        mix = parts(workload.source)
        self._sources = [_source(seed, workload, part.source) for part in mix]
        self._up_to = list(accumulate(part.share for part in mix[:-1]))

    def _of(self, index: int) -> "_Made | _FromFile":
        """The class that prompt `index` belongs to."""
        if not self._up_to:
            return self._sources[0]
        return self._sources[bisect(self._up_to, Draws("class", self._seed, index).uniform())]

    def made(self, index: int) -> Workload | None:
        """The workload that prompt `index` is made up after; None where it is the user's own."""
        source = self._of(index)
        return source.workload if isinstance(source, _Made) else None

    def prompt(self, index: int) -> Prompt:
        """Prompt number `index`, counted from 0."""
        source = self._of(index)
        messages, own_max_tokens = source.prompt(index)
        characters = sum(len(message.content) for message in messages)
        return Prompt(
            index=index,
            workload=source.name,
            messages=messages,
            max_tokens=self._workload.max_tokens or own_max_tokens,
            expected_input_tokens=max(1, round(characters / CHARACTERS_PER_TOKEN)),
            fixed_length=self._workload.fixed_length,
            temperature=self._workload.temperature,
        )


def _source(seed: int, plan: WorkloadPlan, name: str) -> "_Made | _FromFile":
    workload = BUILTIN.get(name)
    if workload is None:
        if plan.prompt_cv is not None:
            raise WorkloadError(
                f"{printable(name, 60)}: its prompts are sent as they stand; prompt_cv is for the built-in workloads"
            )
        return _FromFile(seed, name)
    if plan.prompt_cv is not None:
        workload = replace(workload, input_tokens=with_cv(workload.input_tokens, plan.prompt_cv))
    return _Made(seed, workload, shared=plan.prefix == "shared")


class _Made:
    """Prompts of a built-in workload."""

    def __init__(self, seed: int, workload: Workload, *, shared: bool) -> None:
        self.name = workload.name
        self.workload = workload
        self._seed = seed
        self._system = _shared_prefix(seed) if shared else None

    def prompt(self, index: int) -> tuple[tuple[Message, ...], int]:
        workload = self.workload
        draws = Draws("prompt", workload.name, self._seed, index)
        characters = workload.input_tokens.tokens(draws.uniform()) * CHARACTERS_PER_TOKEN
        max_tokens = workload.output_tokens.tokens(draws.uniform())
        if self._system:
            return (self._system, *workload.compose(draws, characters)), max_tokens
        mark = f"{draws.word():08x}{draws.word() >> 16:04x}: "
        first, *others = workload.compose(draws, characters - len(mark))
        return (replace(first, content=mark + first.content), *others), max_tokens


def _shared_prefix(seed: int) -> Message:
    draws = Draws("shared prefix", seed)
    rules = "You are a careful assistant. What follows is background that every request has in common.\n\n"
    background = passage(draws, pick_topic(draws), SHARED_PREFIX_TOKENS * CHARACTERS_PER_TOKEN - len(rules))
    return Message("system", rules + background)


class _FromFile:
    """The user's prompts: prompt i is number i mod n of a pass, each pass in its own seeded order."""

    def __init__(self, seed: int, source: str) -> None:
        path = Path(source).expanduser()
        if not (path.suffix or os.sep in source or path.exists()):
            raise WorkloadError(_no_such_workload(source))
        self.name = path.name
        self._prompts = files.read(path)
        self._order = lru_cache(maxsize=4)(self._shuffled)
        self._seed = seed

    def _shuffled(self, number: int) -> NDArray[np.int64]:
        return Draws("order", self._seed, number).permutation(len(self._prompts))

    def prompt(self, index: int) -> tuple[tuple[Message, ...], int]:
        pass_number, position = divmod(index, len(self._prompts))
        chosen = self._prompts[self._order(pass_number)[position]]
        return chosen.messages, chosen.max_tokens or FILE_MAX_TOKENS


def _no_such_workload(source: str) -> str:
    near = get_close_matches(source.lower(), BUILTIN, n=1)
    hint = f'; did you mean "{near[0]}"?' if near else "."
    return (
        f'no workload is called "{printable(source, 60)}"{hint} '
        f"Built in: {', '.join(BUILTIN)}. Or name a file of prompts that ends in {', '.join(files.SUFFIXES)}"
    )
