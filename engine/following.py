"""The answers to one prompt, side by side, while they are written: kept only while a watcher reads them.

Backends come to a prompt at different times, the fastest long before the slowest. So the ends of the answers to some
prompts are kept until the slowest has come to them too: to every EVERY-th while there is room, to every second one of
those when there is not, and so on, however far apart the backends get. Of those that are being answered the one is
shown that most backends have something on, and it stays until others are as well known. What was said before anybody
listened is known by its beginning at most (`likeness`).
"""

from collections.abc import Callable, Sequence
from typing import Final

from ..backends.base import Arrival
from .frame import Answered, AnswerFrame, Followed
from .likeness import SAMPLE_EVERY, LikenessSums
from .prompts import Prompt

EVERY: Final = SAMPLE_EVERY
"""Of so many prompts one is kept, or of twice as many, four times and so on."""

MOST_KEPT: Final = 1024
"""Prompts kept at once."""

TAIL: Final = 2000
"""Characters of an answer that are kept while it is written, the last."""

DONE_TAIL: Final = 1000
"""The same once it is there."""

LONGEST_PROMPT: Final = 400
DWELL_NS: Final = 3_000_000_000
"""How long answers can be read at least: once all are there, or before a prompt that more have answered is shown."""

PATIENCE_NS: Final = 15_000_000_000
"""How long a prompt waits for backends that do not come to it while nobody is answering it."""

LINGER_NS: Final = 60_000_000_000
"""How long it stays where fewer have something on the next."""


class FollowedAnswer:
    """The end of one answer as far as it has come, or its beginning where no more is known of it.

    Args:
        began_ns: when it was asked for.
        beginning: of an answer that nobody listened to.
    """

    def __init__(self, began_ns: int = 0, beginning: str = "") -> None:
        self.state: Answered = "done" if beginning else "writing"
        self._began_ns = self._latest_ns = began_ns
        self._text = f"{beginning} …" if beginning else ""
        self._reasoning = ""

    def taking(self, take: Callable[[Arrival], None]) -> Callable[[Arrival], None]:
        """A `take` that also keeps what it is handed."""

        def taken(arrival: Arrival) -> None:
            take(arrival)
            self._latest_ns = arrival.at_ns
            if arrival.text:
                self._text = (self._text + arrival.text)[-TAIL:]
            elif arrival.reasoning and not self._text:
                self._reasoning = (self._reasoning + arrival.reasoning)[-TAIL:]

        return taken

    def end(self, *, failed: bool) -> None:
        """Nothing more will come."""
        self.state = "failed" if failed else "done"
        self._text, self._reasoning = self._text[-DONE_TAIL:], self._reasoning[-DONE_TAIL:]

    def frame(self, backend: str) -> AnswerFrame:
        """As a watcher sees it."""
        return AnswerFrame(
            backend=backend,
            text=self._text or self._reasoning,
            reasoning=not self._text,
            state=self.state,
            took_ns=max(self._latest_ns - self._began_ns, 0),
        )


class _Kept:
    """One prompt and the answers to it so far, by backend."""

    def __init__(self, prompt: Prompt) -> None:
        self.prompt = prompt.messages[-1].content[:LONGEST_PROMPT] if prompt.messages else ""
        self.answers: dict[str, FollowedAnswer] = {}

    def being_answered(self) -> bool:
        return any(answer.state == "writing" for answer in self.answers.values())


class Following:
    """The prompts that are kept, and the one that is shown.

    Args:
        backends: their names, in the order of the plan.
        likeness: knows the beginnings of answers.
    """

    def __init__(self, backends: Sequence[str], likeness: LikenessSums) -> None:
        self._backends = list(backends)
        self._likeness = likeness
        self._wanted = False
        self._newest: dict[str, int] = {}
        self._every = EVERY
        self._kept: dict[int, _Kept] = {}
        self._under_way: set[int] = set()  # of these, those that are being answered, or were lately
        self._shown: int | None = None
        self._shown_ns = 0
        self._answered_ns = 0

    def want(self, *, on: bool) -> None:
        """Begin to keep answers, or forget them all."""
        self._wanted = on
        self._kept.clear()
        self._under_way.clear()
        self._every = EVERY
        self._shown = None

    def begin(self, prompt: Prompt, backend: str, now_ns: int) -> FollowedAnswer | None:
        """Where to put the answer of `backend` to `prompt`, asked for now; None where it is not kept."""
        self._newest[backend] = prompt.index
        if not self._wanted:
            return None
        if prompt.index not in self._kept:
            if len(self._kept) >= MOST_KEPT:
                self._make_room()
            if prompt.index % self._every:
                return None
            self._kept[prompt.index] = _Kept(prompt)
        self._under_way.add(prompt.index)
        made = self._kept[prompt.index].answers[backend] = FollowedAnswer(now_ns)
        return made

    def _make_room(self) -> None:
        """Let go of what all have answered; where that is little, of every second prompt."""
        gone = {index for index, kept in self._kept.items() if not kept.being_answered() and self._all_past(index)}
        if len(gone) >= MOST_KEPT // 2:
            self._every = max(self._every // 2, EVERY)
        else:
            self._every *= 2
            gone |= {index for index in self._kept if index % self._every}
        for index in gone - {self._shown}:
            del self._kept[index]
        self._under_way &= self._kept.keys()

    def frame(self, now_ns: int, down: Sequence[str]) -> Followed | None:
        """The answers to show; None while nobody wants any or there are none. `down` backends are not waited for."""
        self._move_on(now_ns, [name for name in self._backends if name not in down])
        if self._shown is None:
            return None
        kept = self._kept[self._shown]
        for name, beginning in self._likeness.beginnings(self._shown).items():
            if name not in kept.answers:
                kept.answers[name] = FollowedAnswer(beginning=beginning)
        return Followed(
            index=self._shown,
            prompt=kept.prompt,
            answers=tuple(self._answer(self._shown, name) for name in self._backends),
        )

    def _answer(self, index: int, name: str) -> AnswerFrame:
        answer = self._kept[index].answers.get(name)
        if answer is not None:
            return answer.frame(name)
        return AnswerFrame(backend=name, state="missed" if self._is_past(name, index) else "waiting")

    def _is_past(self, name: str, index: int) -> bool:
        return self._newest.get(name, -1) > index

    def _all_past(self, index: int) -> bool:
        """Whether no backend will come to prompt `index` any more."""
        return all(self._is_past(name, index) for name in self._backends)

    def _awaited(self, index: int, expected: Sequence[str]) -> bool:
        """Whether some of `expected` have still to come to prompt `index`."""
        answers = self._kept[index].answers
        return any(name not in answers and not self._is_past(name, index) for name in expected)

    def _known(self, index: int) -> int:
        """How many backends have something on prompt `index`."""
        return len({*self._kept[index].answers, *self._likeness.beginnings(index)})

    def _move_on(self, now_ns: int, expected: Sequence[str]) -> None:
        """Show another prompt when this one has been read, when nobody comes to it, or for one that more are on."""
        shown = self._shown
        self._under_way = {index for index in self._under_way if self._kept[index].being_answered()}
        best = max(self._under_way - {shown}, key=lambda index: (self._known(index), -index), default=None)
        if shown is not None:
            if self._kept[shown].being_answered():
                self._answered_ns = now_ns
            more = best is not None and self._known(best) > self._known(shown)
            fewer = best is not None and self._known(best) < self._known(shown)
            patience_ns = PATIENCE_NS if self._awaited(shown, expected) else LINGER_NS if fewer else DWELL_NS
            stays = now_ns - self._answered_ns < patience_ns
            if now_ns - self._shown_ns < DWELL_NS or (stays and not more):
                return
        following = max(self._kept, default=None) if best is None and shown is None else best
        if following is not None:
            self._shown, self._shown_ns, self._answered_ns = following, now_ns, now_ns
