"""Faults that a simulated endpoint injects, for demonstrations and tests: which request is struck, and by what.

Whether a request is struck follows from the seed and its prompt (`text.known_by`), not from the order in which
requests come, so the same run meets the same faults.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, Literal, get_args

import msgspec

Kind = Literal["rate-limit", "error", "stall", "cut", "cold"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

_STATUSES: Final = (500, 502, 503, 504, 529)
_SETTINGS: Final = {
    "share": "share",
    "after": "after_s",
    "for": "for_s",
    "status": "status",
    "retry": "retry_after_s",
    "stall": "stall_s",
    "tokens": "after_tokens",
}


class FaultError(ValueError):
    """A fault that makes no sense; the message is for a person."""


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One way to go wrong, in a window of time, for a share of the requests.

    Attributes:
        kind: "rate-limit" refuses with 429 and rate-limit headers; "error" with `status`; "stall" holds a stream
            back; "cut" closes its connection; "cold" lets requests wait until the window is over, as for a model
            that is being loaded.
        share: of the requests that are struck.
        after_s: when the window begins, in seconds since the endpoint began to serve.
        for_s: how long it lasts; None is for ever, which a cold start cannot be.
        status: "error" only.
        retry_after_s: "rate-limit" and "error": what the refusal asks the client to wait; 0 asks nothing.
        stall_s: "stall" only: how long nothing comes.
        after_tokens: "stall" and "cut": after so many tokens; None is a seeded place in the answer.
    """

    kind: Kind
    share: float = 1.0
    after_s: float = 0.0
    for_s: float | None = None
    status: int = 503
    retry_after_s: float = 1.0
    stall_s: float = 5.0
    after_tokens: int | None = None

    def covers(self, elapsed_s: float) -> bool:
        """Whether the window is open."""
        return self.after_s <= elapsed_s and (self.for_s is None or elapsed_s < self.after_s + self.for_s)


def fault_problem(fault: Fault) -> str:
    """What makes no sense in `fault`; "" if nothing."""
    lasts = fault.for_s is None or fault.for_s > 0
    wanted = {
        "share is a part of the requests: above 0, at most 1": 0 < fault.share <= 1,
        "the window must not begin before 0, and must last": fault.after_s >= 0 and lasts,
        "a cold start needs for_s: how long the model takes to load": fault.kind != "cold" or fault.for_s is not None,
        f"status is one of {', '.join(map(str, _STATUSES))}": fault.status in _STATUSES,
        "retry_after_s must not be negative": fault.retry_after_s >= 0,
        "stall_s must be above 0": fault.stall_s > 0,
        "after_tokens must be 1 or more": fault.after_tokens is None or fault.after_tokens >= 1,
    }
    return next((problem for problem, holds in wanted.items() if not holds), "")


def struck_by(faults: Iterable[Fault], seed: int, known_by: str, elapsed_s: float) -> tuple[Fault, ...]:
    """Those of `faults` that strike the request whose prompt is known by this."""
    return tuple(
        fault
        for number, fault in enumerate(faults)
        if fault.covers(elapsed_s) and _share(seed, number, fault.kind, known_by) < fault.share
    )


def token_of(fault: Fault, seed: int, known_by: str, output_tokens: int) -> int:
    """After how many tokens of an answer of `output_tokens` a stall or cut comes."""
    if fault.after_tokens is not None:
        return fault.after_tokens
    return 1 + int(_share(seed, "token", fault.kind, known_by) * output_tokens)


def _share(*key: int | str) -> float:
    digest = hashlib.blake2b("/".join(map(str, key)).encode(), digest_size=6).digest()
    return int.from_bytes(digest, "little") / 2**48


def parse_fault(text: str) -> Fault:
    """The fault in `stall,share=0.1,after=10,for=20,stall=3` (all times in seconds); raises FaultError."""
    kind, *settings = (part.strip() for part in text.split(","))
    if kind not in KINDS:
        raise FaultError(f"{kind!r} is no fault; there are {', '.join(KINDS)}")
    given: dict[str, float] = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        if name not in _SETTINGS:
            raise FaultError(f"{setting!r} is no setting; there are {', '.join(_SETTINGS)}")
        try:
            given[_SETTINGS[name]] = int(value) if name in {"status", "tokens"} else float(value)
        except ValueError:
            raise FaultError(f"{setting!r}: {value!r} is not a number") from None
    fault = msgspec.convert({"kind": kind, **given}, Fault)
    if problem := fault_problem(fault):
        raise FaultError(f"{text!r}: {problem}")
    return fault


def first_of_kind(struck: Sequence[Fault], *kinds: Kind) -> Fault | None:
    """The first fault of one of `kinds`; None if there is none."""
    return next((fault for fault in struck if fault.kind in kinds), None)
