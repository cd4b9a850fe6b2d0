"""What a worker tells of each request that has ended, for the journal: one record, plain values, nothing to draw."""

from typing import Literal

import msgspec


class RequestRecord(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One request of the measured window, once nothing more will come of it.

    Moments are run time: ns since the window opened. New fields go to the end, with a default.

    Attributes:
        backend: name of the backend it was sent to.
        index: its place in the prompt stream; all backends get the same prompt under the same index.
        worker: the engine worker that sent it.
        workload: built-in workload or file its prompt came from.
        status: "finished" for a complete answer, else "failed".
        error: kind of failure (`backends.errors.ErrorKind`), "" for none.
        message: the failure in one safe line.
        finish_reason: as the server said it, safe.
        scheduled_ns: when it was due.
        sent_ns: when its first byte was written; None if it never was.
        first_ns: first read with generated content; None without any.
        last_ns: last such read.
        connect_ns: time spent on TCP and TLS before that; 0 on a reused connection.
        resent: whether it was written a second time (`backends.base.Answer`).
        input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens: as counted; `token_source`
            says how.
        first_tokens: output tokens known to have come with the first read; 1 unless the server says.
        chunks, characters: of the answer.
        prompt_characters: of the prompt.
        cost_usd: what its tokens cost at a price per token; None where chips are paid by the hour, or nothing is
            known.
        good: whether it met every limit of the SLO; None without one.
        vendor: the server's own timings in seconds, by name.
        prompt, answer: the texts, only where the run was told to keep them; None otherwise. Not safe to draw.
    """

    backend: str
    index: int
    worker: int = 0
    workload: str = ""
    status: Literal["finished", "failed"] = "finished"
    error: str = ""
    message: str = ""
    finish_reason: str = ""
    scheduled_ns: int
    sent_ns: int | None = None
    first_ns: int | None = None
    last_ns: int | None = None
    connect_ns: int = 0
    resent: bool = False
    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    token_source: Literal["usage", "tok", "≈", ""] = ""
    first_tokens: int = 1
    chunks: int = 0
    characters: int = 0
    prompt_characters: int = 0
    cost_usd: float | None = None
    good: bool | None = None
    vendor: dict[str, float] = {}
    prompt: str | None = None
    answer: str | None = None

    @property
    def ttft_ns(self) -> int | None:
        """From sending to the first read with content; None without either."""
        return None if self.first_ns is None or self.sent_ns is None else self.first_ns - self.sent_ns

    @property
    def ttft_sched_ns(self) -> int | None:
        """The same from when it was due: what SLOs and verdicts use."""
        return None if self.first_ns is None else self.first_ns - self.scheduled_ns

    @property
    def e2e_ns(self) -> int | None:
        """From sending to the last read with content."""
        return None if self.last_ns is None or self.sent_ns is None else self.last_ns - self.sent_ns

    @property
    def tpot_ns(self) -> float | None:
        """Time per output token after the first read; None where there were no more tokens than that brought."""
        more = self.output_tokens - self.first_tokens
        if self.status != "finished" or self.first_ns is None or self.last_ns is None or more <= 0:
            return None
        return (self.last_ns - self.first_ns) / more
