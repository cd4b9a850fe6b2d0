"""Frames of several workers as one: everything reported merges by addition (architecture.md).

`merge` is associative and commutative, and of one frame it is that frame, so frames may be merged in any order and
in any grouping. Each field has one rule, in the tables below. What comes out is what one worker alone would have
counted, except where a figure rests on what a worker has seen so far: estimated token counts, and the dependence of
neighbouring requests, which each worker sees among its own only (`serial.dependence`).
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

import msgspec
from msgspec.structs import astuple, replace

from .commands import StopReason
from .cost import FORMER_COUNTS, FormerPrice, spending
from .frame import (
    MOST_MARKERS,
    SLOTS,
    BackendFrame,
    ClientFrame,
    Frame,
    Likeness,
    MachineFrame,
    Marker,
    PairFrame,
    Phase,
    Serial,
    Timeline,
)
from .histogram import Histogram, HistogramState

Rule = Callable[[Sequence[Any]], Any]
"""The values of one field in all frames, to the merged one."""


def merge(frames: Sequence[Frame]) -> Frame:
    """The run as all of `frames` together show it; at least one, each from another worker of the same run."""
    if len(frames) == 1:
        return frames[0]
    newest = max(frames, key=_change)
    phase = min((frame.phase for frame in frames), key=_PHASES.index)
    merged: Frame = _struct(frames)
    return replace(
        merged,
        phase=phase,
        stop_reason=_reason([frame.stop_reason for frame in frames], phase),
        workload=newest.workload,
        arrivals=newest.arrivals,
    )


def lost(frame: Frame, worker: int, why: str) -> Frame:
    """The last frame of a worker that is gone: what it counted stays, and what it did not is declared missing."""
    text = f"lost worker {worker}, prompts {worker} mod {frame.workers} are missing from here on: {why}"
    return replace(
        frame,
        seq=frame.seq + 1,
        phase="done",
        stop_reason="",
        missing_workers=(worker,),
        markers=(*frame.markers, Marker(at_ns=frame.at_ns, text=text))[-MOST_MARKERS:],
    )


# --- rules ---


def _same(values: Sequence[Any]) -> Any:
    """One value for the whole run, which every worker states."""
    return values[0]


def _known(rule: Rule) -> Rule:
    """`rule` for those that are not None; None if all are."""

    def of(values: Sequence[Any]) -> Any:
        known = [value for value in values if value is not None]
        return rule(known) if known else None

    return of


def _highest(*order: str) -> Rule:
    """The value that comes last in `order`."""
    return lambda values: max(values, key=order.index)


def _struct(structs: Sequence[Any]) -> Any:
    """Structs of one kind: field by field, after the kind's rules."""
    rules = RULES[type(structs[0])]
    return replace(
        structs[0], **{name: rule([getattr(struct, name) for struct in structs]) for name, rule in rules.items()}
    )


def _by_key(rule: Rule) -> Rule:
    """Dicts: `rule` for the values of each key."""

    def of(values: Sequence[dict[str, Any]]) -> dict[str, Any]:
        keys = dict.fromkeys(key for value in values for key in value)
        return {key: rule([value[key] for value in values if key in value]) for key in keys}

    return of


def _grouped(*by: str) -> Rule:
    """Tuples of structs: those that agree in the fields `by` become one, and the whole is sorted by them."""

    def of(values: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
        groups: dict[tuple[Any, ...], list[Any]] = {}
        for struct in (struct for structs in values for struct in structs):
            groups.setdefault(tuple(getattr(struct, name) for name in by), []).append(struct)
        return tuple(_struct(groups[key]) for key in sorted(groups))

    return of


def _histograms(states: Sequence[HistogramState]) -> HistogramState:
    return states[0] if len(states) == 1 else Histogram.of(*states).state()


def _serials(sums: Sequence[Serial]) -> Serial:
    return Serial(*(sum(terms) for terms in zip(*map(astuple, sums), strict=True)))


def _levels(values: Sequence[tuple[Serial, ...]]) -> tuple[Serial, ...]:
    """Sums level by level; the longest means may not have come everywhere yet."""
    return tuple(map(_serials, zip_longest(*values, fillvalue=Serial())))


def _timelines(values: Sequence[Timeline]) -> Timeline:
    """Tokens slot by slot: slots are absolute, and all workers opened their window at the same moment."""
    filled = [value for value in values if value.tokens]
    if not filled:
        return Timeline()
    end = max(value.first_slot + len(value.tokens) for value in filled)
    first = max(min(value.first_slot for value in filled), end - SLOTS)
    slots = [0.0] * (end - first)
    for value in filled:
        for slot, tokens in enumerate(value.tokens, value.first_slot - first):
            if slot >= 0:
                slots[slot] += tokens
    return Timeline(first_slot=first, tokens=tuple(slots))


def _markers(values: Sequence[tuple[Marker, ...]]) -> tuple[Marker, ...]:
    """Every change once, though each worker tells of it."""
    known = {(marker.at_ns, marker.text): marker for markers in values for marker in markers}
    return tuple(known[key] for key in sorted(known))[-MOST_MARKERS:]


def _union(values: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(sorted({number for numbers in values for number in numbers}))


def _backends(values: Sequence[tuple[BackendFrame, ...]]) -> tuple[BackendFrame, ...]:
    """Backend by backend; raises ValueError if they are not the same ones in the same order."""
    return tuple(map(_backend, zip(*values, strict=True)))


def _backend(frames: Sequence[BackendFrame]) -> BackendFrame:
    """One backend. Its spend follows from the merged counts: chips paid by the hour are paid once, not per worker."""
    if len({frame.name for frame in frames}) > 1:
        raise ValueError("frames of different runs do not merge")
    merged: BackendFrame = replace(_struct(frames), active_ns=_span_ns(frames))
    price = max(frames, key=lambda frame: len(frame.former_prices)).price  # of one that has followed all commands
    merged = replace(merged, price=price, former_prices=_former_prices(frames))
    if price is None:
        return merged
    spent = spending(price, merged.former_prices, merged, merged.first_sent_ns, merged.active_ns)
    return replace(merged, spent_usd=spent.usd)


def _former_prices(frames: Sequence[BackendFrame]) -> tuple[FormerPrice, ...]:
    """What all counted at each former price; a worker that was gone by then had counted all it ever did."""
    most = max((frame.former_prices for frame in frames), key=len)
    return tuple(
        replace(
            former,
            **{
                name: sum(
                    getattr(frame.former_prices[at] if at < len(frame.former_prices) else frame, name)
                    for frame in frames
                )
                for name in FORMER_COUNTS
            },
        )
        for at, former in enumerate(most)
    )


def _span_ns(frames: Sequence[BackendFrame]) -> int:
    """From the first send of any worker to the last arrival at any."""
    spans = [(f.first_sent_ns, f.first_sent_ns + f.active_ns) for f in frames if f.first_sent_ns is not None]
    return max(end for _, end in spans) - min(start for start, _ in spans) if spans else 0


_PHASES: Final[tuple[Phase, ...]] = ("starting", "warmup", "running", "draining", "done")

_REASONS: Final[tuple[StopReason, ...]] = (
    "", "unreachable", "requests", "duration", "budget", "told", "parent gone", "interrupted",
)  # fmt: skip
"""Where workers stopped for different reasons, the last of these is the run's."""


def _reason(reasons: Sequence[StopReason], phase: Phase) -> StopReason:
    """Why the run ended; "" while any worker still sends."""
    return max(reasons, key=_REASONS.index) if phase in {"draining", "done"} else ""


def _change(frame: Frame) -> tuple[int, bytes]:
    """Orders frames by how far they have followed the commands: a change of load reaches no two workers at once."""
    latest = frame.markers[-1].at_ns if frame.markers else -1
    return latest, msgspec.msgpack.encode((frame.workload, frame.arrivals))


_FRAME: Final[Mapping[str, Rule]] = {
    **dict.fromkeys(
        ("version", "title", "seed", "slo", "requests", "duration_s", "workers", "virtual", "warmup", "budget_usd"),
        _same,
    ),
    **dict.fromkeys(("seq", "warmup_done", "unpaired"), sum),
    **dict.fromkeys(("at_ns", "started_utc"), max),
    "missing_workers": _union,
    "followed": _known(lambda followed: min(followed, key=lambda each: each.index)),
    "offered_per_s": _known(max),
    "client": _struct,
    "markers": _markers,
    "backends": _backends,
    "likenesses": _grouped("a", "b"),
    "paired": _grouped("a", "b"),
}
"""`phase`, `stop_reason`, `workload` and `arrivals` follow from several fields: `merge`."""

_BACKEND: Final[Mapping[str, Rule]] = {
    **dict.fromkeys(
        ("name", "url", "model", "hardware", "faults", "max_rate_per_s", "max_concurrency", "budget_usd"),
        _same,
    ),
    **dict.fromkeys(
        (
            "scheduled", "finished", "failed", "in_flight", "not_sent", "held_back", "company", "resent",
            "input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens",
            "warmup_usd", "at_risk_usd", "usage_requests", "estimated_requests", "disbelieved_requests",
            "arriving_tokens", "chunks", "characters", "prompt_characters",
        ),
        sum,
    ),
    "label": _highest("LIVE", "REPLAY", "SIM"),
    "stamp": _highest("", "kernel", "user"),
    "state": _highest("down", "ok"),
    **dict.fromkeys(("served_model", "engine", "last_error"), max),  # always the same worker's word
    **dict.fromkeys(("price_old", "held"), any),
    "errors": _by_key(sum),
    "latest_ns": _by_key(max),
    "unsent": _by_key(sum),
    "pause": _known(lambda pauses: max(pauses, key=lambda pause: (pause.left_ns, pause.why))),
    "limits": _known(lambda told: max(told, key=lambda each: (each.at_ns, msgspec.msgpack.encode(each)))),
    "finish_reasons": _by_key(sum),
    "first_sent_ns": _known(min),
    "good": _known(sum),
    "good_tokens": _known(sum),
    "histograms": _by_key(_histograms),
    "vendor": _by_key(_histograms),
    "can_fix_length": all,
    "series": _by_key(_levels),
    "timeline": _timelines,
    # Observed in one place only: the one there is.
    **dict.fromkeys(("server", "power"), _known(lambda seen: max(seen, key=msgspec.msgpack.encode))),
}  # fmt: skip
"""`price`, `former_prices`, `active_ns` and `spent_usd` follow from several fields: `_backend`."""

RULES: Final[Mapping[type[msgspec.Struct], Mapping[str, Rule]]] = {
    Frame: _FRAME,
    BackendFrame: _BACKEND,
    ClientFrame: {"loop_lag": _histograms, "cpu_share": max, "machines": _grouped("worker")},
    MachineFrame: {"worker": _same, **dict.fromkeys(("host", "clock_offset_ns", "clock_error_ns"), max)},
    Likeness: {"a": _same, "b": _same, "n": sum, "total": sum},
    PairFrame: {"a": _same, "b": _same, "differences": _by_key(_levels)},
}
"""A rule for every field of everything that is made of fields."""
