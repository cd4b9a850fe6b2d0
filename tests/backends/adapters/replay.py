"""Recorded streams, played to a wire in any pieces."""

from dataclasses import dataclass, field
from pathlib import Path

STREAMS = Path(__file__).with_name("self_hosted")


def recorded(name):
    return (STREAMS / name).read_bytes()


@dataclass
class Outcome:
    """What a whole stream came to; the same however it is cut."""

    text: str = ""
    reasoning: str = ""
    tool_arguments: str = ""
    chunks: int = 0
    answer_chunks: int = 0
    output_tokens: int | None = None
    usage: object = None
    finish_reason: str | None = None
    vendor: dict = field(default_factory=dict)
    failure: object = None
    finished: bool = False

    def take(self, arrival):
        for name in ("text", "reasoning", "tool_arguments", "chunks", "answer_chunks"):
            setattr(self, name, getattr(self, name) + getattr(arrival, name))
        for name in ("output_tokens", "usage", "finish_reason"):
            if getattr(arrival, name) is not None:
                setattr(self, name, getattr(arrival, name))
        self.vendor.update(arrival.vendor)


def outcome(wire, pieces):
    """What `wire` makes of a stream read as `pieces`."""
    came = Outcome()
    for at_ns, piece in enumerate(pieces):
        if wire.done or wire.failure is not None:
            break
        arrival = wire.arrival(at_ns, piece)
        if arrival is None:
            continue
        assert arrival.at_ns == at_ns
        came.take(arrival)
    came.failure, came.finished = wire.failure, wire.finished
    return came


def every_cut(stream):
    """The stream in one piece, byte by byte, and in two pieces at every position."""
    yield [stream]
    yield [bytes([byte]) for byte in stream]
    yield from ([stream[:at], stream[at:]] for at in range(1, len(stream)))
