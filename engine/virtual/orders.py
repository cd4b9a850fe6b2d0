"""The prompt stream as the simulated fleet sees it: numbers only, in blocks.

The same functions of (seed, index) as in a run over HTTP: `prompts.PromptStream` writes the prompt, the fleet counts
its tokens and plans its answer. With `lengths_only` the text of built-in workloads is not written: input lengths are
then the workload's nominal ones (about 1 % above those of the text), answers the very same where prompts are unique.
"""

from collections import OrderedDict
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ...backends.fleet.text import PIECES, answer_plan, count_tokens, known_by
from ..draws import Draws
from ..plan import WorkloadPlan
from ..prompts import SHARED_PREFIX_TOKENS, PromptStream
from ..workloads.workload import CHARACTERS_PER_TOKEN, Workload

BLOCK: Final = 512
_KEPT_BLOCKS: Final = 1024
_FOLDED: Final = np.concatenate(([0], np.cumsum([len(piece) for piece in PIECES])))


class Order(NamedTuple):
    """One prompt in numbers.

    Attributes:
        input_tokens: as the fleet counts them.
        most_tokens: what it asks for at most.
        output_tokens: how long the answer is.
        prompt_characters: length of its text.
        answer_characters: length of the answer's.
    """

    input_tokens: int
    most_tokens: int
    output_tokens: int
    prompt_characters: int
    answer_characters: int


class Orders:
    """The orders of a run, made once for backends that keep pace with each other.

    Args:
        seed: of the run.
        workload: which prompts; raises WorkloadError.
        lengths_only: do not write the text.
    """

    def __init__(self, seed: int, workload: WorkloadPlan, *, lengths_only: bool) -> None:
        self._seed = seed
        self._workload = workload
        self._stream = PromptStream(seed, workload)
        self._lengths_only = lengths_only
        self._blocks: OrderedDict[int, npt.NDArray[np.int32]] = OrderedDict()

    def block(self, number: int) -> list[Order]:
        """Orders number · BLOCK to (number + 1) · BLOCK - 1."""
        made = self._blocks.get(number)
        if made is None:
            made = self._blocks[number] = self._make(range(number * BLOCK, (number + 1) * BLOCK))
            if len(self._blocks) > _KEPT_BLOCKS:
                self._blocks.popitem(last=False)
        else:
            self._blocks.move_to_end(number)
        return [Order(*row) for row in made.tolist()]

    def known_by(self, index: int) -> str:
        """What of prompt `index` faults choose by."""
        workload = self._stream.made(index)
        if workload is None or (self._workload.prefix == "shared" and not self._lengths_only):
            return known_by("\n".join(message.content for message in self._stream.prompt(index).messages))
        draws = Draws("prompt", workload.name, self._seed, index)
        nominal_lengths(workload, draws)
        return _mark(draws)

    def _make(self, indices: range) -> npt.NDArray[np.int32]:
        columns = np.array([self._one(index) for index in indices], np.int64).T
        input_tokens, most_tokens, wanted, characters, start = columns
        output = most_tokens if self._workload.fixed_length else np.minimum(most_tokens, wanted)
        answered = answer_characters(start, output)
        return np.stack([input_tokens, most_tokens, output, characters, answered], axis=1).astype(np.int32)

    def _one(self, index: int) -> tuple[int, int, int, int, int]:
        workload = self._stream.made(index) if self._lengths_only else None
        return self._written(index) if workload is None else self._unwritten(index, workload)

    def _written(self, index: int) -> tuple[int, int, int, int, int]:
        prompt = self._stream.prompt(index)
        text = "\n".join(message.content for message in prompt.messages)
        start, wanted = answer_plan(self._seed, text)
        characters = len(text) - len(prompt.messages) + 1
        return count_tokens(text), prompt.max_tokens, wanted, characters, start

    def _unwritten(self, index: int, workload: Workload) -> tuple[int, int, int, int, int]:
        draws = Draws("prompt", workload.name, self._seed, index)
        input_tokens, output_tokens = nominal_lengths(workload, draws)
        if self._workload.prefix == "shared":
            input_tokens += SHARED_PREFIX_TOKENS
        start, wanted = answer_plan(self._seed, _mark(draws))
        most_tokens = self._workload.max_tokens or output_tokens
        return input_tokens, most_tokens, wanted, input_tokens * CHARACTERS_PER_TOKEN, start


def _mark(draws: Draws) -> str:
    """With what a prompt that is made unique begins; the draws after those of `nominal_lengths`."""
    return f"{draws.word():08x}{draws.word() >> 16:04x}: "


def nominal_lengths(workload: Workload, draws: Draws) -> tuple[int, int]:
    """Input and output tokens that the first two of `draws` give."""
    return workload.input_tokens.tokens(draws.uniform()), workload.output_tokens.tokens(draws.uniform())


def answer_characters(start: npt.NDArray[np.int64], tokens: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Lengths of `fleet.text.answer_text`; all of shape (n,)."""

    def up_to(place: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        rounds, rest = np.divmod(place, len(PIECES))
        return np.asarray(rounds * _FOLDED[-1] + _FOLDED[rest])

    return up_to(start + tokens) - up_to(start)
