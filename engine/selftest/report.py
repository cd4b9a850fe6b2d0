"""What a self-test asks for and what it found: the messages between its process and whoever asked."""

from typing import Final, Literal

import msgspec

Grade = Literal["ok", "careful", "cannot"]
"""How far figures taken at a load can be believed: as they are, with the remark beside them, or not at all."""

GRADES: Final[tuple[Grade, ...]] = ("ok", "careful", "cannot")
"""Best first."""


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """One load to try: `streams` answers at a time, each stream taking its next when one is whole.

    Attributes:
        seconds: after the streams have started, one after the other over the time of one answer.
        tokens: of an answer.
        ttft_ms: the server's.
        gap_ms: between tokens; 0 has the server write as fast as it can, which measures capacity and no error.
    """

    streams: int
    seconds: float
    tokens: int = 100
    ttft_ms: float = 50.0
    gap_ms: float = 10.0

    @property
    def answer_s(self) -> float:
        """What one answer takes."""
        return (self.ttft_ms + (self.tokens - 1) * self.gap_ms) / 1e3

    @property
    def asked_tok_s(self) -> float | None:
        """Tokens a second when neither side is ever late; None where the server goes as fast as it can."""
        return self.streams * self.tokens / self.answer_s if self.gap_ms else None


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """A distribution, in ms; all 0 when `n` is."""

    n: int = 0
    p50: float = 0.0
    p99: float = 0.0
    max: float = 0.0


class Accuracy(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured against what was written.

    Attributes:
        requests: that both sides know.
        tokens: written.
        lost: written, never counted.
        doubled: counted and never written, or counted twice.
        ttft_error_ms: |reported − true|, where true is from the request's arrival at the server to the write of
            its first token.
        gap_error_ms: |reported − true| of every gap between two tokens.
    """

    requests: int = 0
    tokens: int = 0
    lost: int = 0
    doubled: int = 0
    ttft_error_ms: Spread = Spread()
    gap_error_ms: Spread = Spread()


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one load showed.

    Attributes:
        written_tok_s: what the server wrote, over the seconds when all streams were under way.
        counted_tok_s: what the engine had counted by the end of those seconds, over the same.
        failed: requests that failed; `last_error` is one safe line.
        stamp: where receive stamps came from.
        loop_lag_ms: of the engine's event loop.
        cpu_share: of one core, the engine's.
        waited_share: of the time, how long the engine was ready to run and had no core, because other processes did;
            None where the system does not say.
        server_late_ms: how late the server itself was; no part of the errors, which are against true times.
        server_cpu_share: of one core.
        grade: with `reasons` in words why it is not "ok".
    """

    load: Load
    accuracy: Accuracy = Accuracy()
    written_tok_s: float = 0.0
    counted_tok_s: float = 0.0
    failed: int = 0
    last_error: str = ""
    stamp: Literal["kernel", "user", ""] = ""
    loop_lag_ms: Spread = Spread()
    cpu_share: float = 0.0
    waited_share: float | None = None
    server_late_ms: Spread = Spread()
    server_cpu_share: float = 0.0
    grade: Grade = "ok"
    reasons: tuple[str, ...] = ()
