"""Two sides put against each other: the document of a comparison, which every form of output is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isclose, isfinite
from typing import Final, Literal

import msgspec

from ... import __version__
from ...engine.comparability import differences
from ...profiles.problems import suggestion
from ..figures import six_digits
from .estimate import Estimate
from .gate import Gate, judge
from .metrics import DUE, METRICS, SHOWN
from .pool import RUN_NOISE, Basis, Difference, Word, bounds, compare
from .result import BackendResult, RunResult
from .settings import Change, changes, uneven

SCHEMA: Final = "infertop.diff/1"
_LEAST_BY_CHANCE: Final = 20
_NO_MORE: Final = 0.02
"""How near a latency from the due time is to the plain one to tell no more than that."""


class DiffError(ValueError):
    """What cannot be compared; the text says why."""


class MetricDiff(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of one backend; docs/diff.md says what each field means."""

    metric: str
    unit: str
    a: float | None
    b: float | None
    change: float | None
    low: float | None
    high: float | None
    verdict: Word
    basis: Basis
    n_a: int
    n_b: int
    why: str = ""


class BackendDiff(msgspec.Struct, frozen=True, kw_only=True):
    """One backend on both sides; `unlike` says what keeps them from being compared like for like."""

    a: str
    b: str
    unlike: tuple[str, ...]
    metrics: tuple[MetricDiff, ...]


class SideDiff(msgspec.Struct, frozen=True, kw_only=True):
    """One side: the runs pooled, and backends that only it has."""

    runs: tuple[str, ...]
    alone: tuple[str, ...]


class GateDiff(msgspec.Struct, frozen=True, kw_only=True):
    """One gate on one backend."""

    condition: str
    backend: str
    outcome: Literal["pass", "fail", "not judged"]
    text: str


class Diff(msgspec.Struct, frozen=True, kw_only=True):
    """The whole comparison; `passed` is whether no gate failed."""

    schema: str = SCHEMA
    infertop: str = __version__
    level: float = 0.95
    run_noise: float
    a: SideDiff
    b: SideDiff
    changed: tuple[Change, ...]
    remarks: tuple[str, ...]
    backends: tuple[BackendDiff, ...]
    gates: tuple[GateDiff, ...]
    passed: bool


@dataclass(frozen=True, slots=True)
class _Pair:
    name_a: str
    name_b: str
    a: list[BackendResult]
    b: list[BackendResult]


def diff(
    a: Sequence[RunResult],
    b: Sequence[RunResult],
    *,
    renamed: Mapping[str, str] | None = None,
    gates: Sequence[Gate] = (),
    run_noise: float = RUN_NOISE,
    strict: bool = False,
) -> Diff:
    """Compare `b` with `a`.

    Args:
        a: what is compared with, at least one run; several are repeats of one thing.
        b: what is compared, likewise.
        renamed: backends that are called otherwise in `b`, old name to new.
        gates: conditions that fail it.
        run_noise: the allowance of `pool.RUN_NOISE`.
        strict: whether a gate that cannot be judged fails.

    Raises:
        DiffError: no backend is in both, or `renamed` names one that is not there.
    """
    pairs, alone_a, alone_b, guessed = _matched(a, b, renamed or {})
    withheld = next((each.withheld for each in (*a, *b) if each.withheld), "")
    by_pair = [(pair, _compared(pair, run_noise, withheld)) for pair in pairs]
    judged = [
        _judged(gate, pair, found[gate.metric.name], run_noise, withheld, strict=strict)
        for gate in gates
        for pair, found in by_pair
    ]
    changed = changes([each.settings for each in a], [each.settings for each in b])
    for pair in pairs:
        changed += changes([each.settings for each in pair.a], [each.settings for each in pair.b], pair.name_b)
    return Diff(
        run_noise=run_noise,
        a=SideDiff(runs=tuple(each.label for each in a), alone=alone_a),
        b=SideDiff(runs=tuple(each.label for each in b), alone=alone_b),
        changed=tuple(changed),
        remarks=tuple(_remarks(a, b, guessed, by_pair, withheld)),
        backends=tuple(
            BackendDiff(
                a=pair.name_a,
                b=pair.name_b,
                unlike=_unlike(pair),
                metrics=tuple(_told(each) for each in found.values() if _has_value(each)),
            )
            for pair, found in by_pair
        ),
        gates=tuple(judged),
        passed=all(each.outcome != "fail" for each in judged),
    )


def shown(made: BackendDiff, also: Sequence[str] = ()) -> list[MetricDiff]:
    """Rows of a table: the usual metrics and those in `also`; not twice what due times tell no more of."""
    known = {each.metric: (each.a, each.b) for each in made.metrics}

    def says_more(name: str) -> bool:
        plain = known.get(name.removesuffix(DUE)) if name.endswith(DUE) else None
        return plain is None or not all(map(_alike, known[name], plain))

    return [each for each in made.metrics if each.metric in also or (each.metric in SHOWN and says_more(each.metric))]


def _alike(one: float | None, other: float | None) -> bool:
    return one == other or (one is not None and other is not None and isclose(one, other, rel_tol=_NO_MORE))


def _matched(
    a: Sequence[RunResult], b: Sequence[RunResult], renamed: Mapping[str, str]
) -> tuple[list[_Pair], tuple[str, ...], tuple[str, ...], str]:
    of_a, of_b = _by_name(a), _by_name(b)
    for names, known, side in ((renamed, of_a, "a"), (renamed.values(), of_b, "b")):
        for name in names:
            if name not in known:
                raise DiffError(f"--map: no backend of {side} is called {name!r}{suggestion(name, known)}")
    found = {name: renamed.get(name, name) for name in of_a if renamed.get(name, name) in of_b}
    left_a = [name for name in of_a if name not in found]
    left_b = [name for name in of_b if name not in found.values()]
    guessed = ""
    if len(left_a) == len(left_b) == 1:
        guessed = f"{left_a[0]} in a is taken for {left_b[0]} in b, the only ones left"
        found[left_a[0]] = left_b[0]
        left_a, left_b = [], []
    if not found:
        raise DiffError(
            f"no backend is in both: a has {', '.join(left_a) or 'none'}; b has {', '.join(left_b) or 'none'}; "
            "say which is which with --map OLD=NEW"
        )
    pairs = [_Pair(old, new, of_a[old], of_b[new]) for old, new in found.items()]
    return pairs, tuple(left_a), tuple(left_b), guessed


def _by_name(runs: Sequence[RunResult]) -> dict[str, list[BackendResult]]:
    found: dict[str, list[BackendResult]] = {}
    for run in runs:
        for backend in run.backends:
            found.setdefault(backend.name, []).append(backend)
    return found


def _compared(pair: _Pair, run_noise: float, withheld: str) -> dict[str, Difference]:
    made = {
        name: compare(metric, _figures(pair.a, name), _figures(pair.b, name), run_noise)
        for name, metric in METRICS.items()
    }
    if not withheld:
        return made
    return {name: Difference(each.metric, each.a, each.b, each.change, why=withheld) for name, each in made.items()}


def _figures(runs: Sequence[BackendResult], name: str) -> list[Estimate]:
    return [each.figures.get(name, Estimate(why="not measured")) for each in runs]


def _judged(
    gate: Gate, pair: _Pair, difference: Difference, run_noise: float, withheld: str, *, strict: bool
) -> GateDiff:
    around = None if withheld else bounds(gate.metric, _figures(pair.b, gate.metric.name), run_noise)
    silent = not any(each.finished for each in pair.b) and any(each.failed for each in pair.b)
    made = judge(gate, pair.name_b, difference, around, silent=silent)
    outcome = "fail" if strict and made.outcome == "not judged" else made.outcome
    return GateDiff(condition=gate.text, backend=pair.name_b, outcome=outcome, text=made.text)


def _has_value(each: Difference) -> bool:
    return each.a.value is not None or each.b.value is not None


def _told(each: Difference) -> MetricDiff:
    return MetricDiff(
        metric=each.metric.name,
        unit=each.metric.unit or "share",
        a=six_digits(each.a.value),
        b=six_digits(each.b.value),
        change=_exact(each.change),
        low=_exact(each.low),
        high=_exact(each.high),
        verdict=each.verdict,
        basis=each.basis,
        n_a=each.a.n,
        n_b=each.b.n,
        why=each.why,
    )


def _exact(value: float | None) -> float | None:
    """A ratio or a difference in six digits; None for one that nothing bounds."""
    return six_digits(value) if value is not None and isfinite(value) else None


def _unlike(pair: _Pair) -> tuple[str, ...]:
    """What keeps the two from being compared like for like, by their last runs; imports tell less of answers."""
    before, after = pair.a[-1].frame, pair.b[-1].frame
    if before is None or after is None:
        return ()
    told = {
        "answer length": bool(before.characters and after.characters),
        "finish reason": bool(before.finish_reasons and after.finish_reasons),
    }
    return tuple(each.text for each in differences(before, after) if told.get(each.aspect, True))


def _remarks(
    a: Sequence[RunResult],
    b: Sequence[RunResult],
    guessed: str,
    by_pair: Sequence[tuple[_Pair, dict[str, Difference]]],
    withheld: str,
) -> list[str]:
    found = [f"no verdict: {withheld}"] if withheld else []
    found += [guessed] if guessed else []
    for side, runs in (("a", a), ("b", b)):
        if unlike := uneven([each.settings for each in runs]):
            found.append(f"the runs of {side} are not repeats of one thing: they differ in {', '.join(unlike)}")
        found += [f"{each.label}: {caution}" for each in runs for caution in each.cautions]
    if {each.label for each in a} & {each.label for each in b}:
        found.append("a run is on both sides: it is compared with itself")
    judged = [
        each
        for _, made in by_pair
        for each in made.values()
        if each.verdict != "not known" and each.metric.name in SHOWN
    ]
    if len(judged) >= _LEAST_BY_CHANCE:
        found.append(f"of {len(judged)} figures about {len(judged) / 20:.0f} would look changed by chance alone")
    return found


def to_json(made: Diff) -> str:
    """`made` as indented JSON with a final line end."""
    return msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"
