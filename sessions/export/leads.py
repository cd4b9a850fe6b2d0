"""Who is ahead on each count, and how surely: the answer that every export begins with."""

from dataclasses import dataclass
from typing import Literal

from ..summary import Backend, Comparison, Document, PairedMean

State = Literal["won", "shared", "early", "withheld", "alone", "none"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What was found of one pair, by its p95 or by its mean on the same prompts.

    Attributes:
        path: where it stands in the summary: "verdicts.3", "verdicts.3.paired".
    """

    path: str
    a: str
    b: str
    made: Comparison | PairedMean

    @property
    def lower(self) -> str:
        """The backend that is proved lower; "" where none is."""
        return {"a lower": self.a, "b lower": self.b}.get(self.made.verdict, "")

    @property
    def higher(self) -> str:
        """The other one."""
        return {"a lower": self.b, "b lower": self.a}.get(self.made.verdict, "")


@dataclass(frozen=True, slots=True)
class Lead:
    """How one metric stands.

    Attributes:
        state: "won" by the only backend that none is proved lower than; "shared" among several such `leaders`;
            "early" or "withheld" where nothing is proved; "alone" with one backend that has answers, "none" without.
        leaders: names, in the order of the summary.
        claim: what to tell with it: the winner's least lead; of those too early the one nearest to its end.
    """

    state: State
    leaders: tuple[str, ...] = ()
    claim: Claim | None = None


def lead(summary: Document, metric: str) -> Lead:
    """Who is ahead by `metric`: by p95 or, where that is open, by the mean on the same prompts."""
    answered = [backend.name for backend in summary.backends if _measured(backend, metric)]
    if len(answered) < 2:
        return Lead("alone" if answered else "none", tuple(answered))
    pairs = [
        (Claim(f"verdicts.{at}", each.a, each.b, each), Claim(f"verdicts.{at}.paired", each.a, each.b, each.paired))
        for at, each in enumerate(summary.verdicts)
        if each.metric == metric and each.a in answered and each.b in answered
    ]
    decided = [claim for pair in pairs if (claim := _decided(*pair))]
    if not decided:
        return _open([claim for pair in pairs for claim in pair])
    leaders = tuple(name for name in answered if name not in {claim.higher for claim in decided})
    wins = [claim for claim in decided if leaders == (claim.lower,)]
    if not wins:
        return Lead("shared", leaders)
    return Lead("won", leaders, min(wins, key=lambda claim: claim.made.ratio or 0.0))


def _decided(p95: Claim, mean: Claim) -> Claim | None:
    """The claim of a pair that says who is lower; None where neither does, or each says another."""
    said = [claim for claim in (p95, mean) if claim.lower]
    return said[0] if len({claim.lower for claim in said}) == 1 else None


def _open(claims: list[Claim]) -> Lead:
    early = [claim for claim in claims if claim.made.verdict == "too early"]
    withheld = [claim for claim in claims if claim.made.verdict == "withheld"]
    if len(early) + len(withheld) < len(claims):
        return Lead("shared", tuple(dict.fromkeys(name for claim in claims for name in (claim.a, claim.b))))
    if early:
        return Lead("early", (), max(early, key=lambda claim: claim.made.n / max(claim.made.needed, 1)))
    return Lead("withheld", (), withheld[0])


def _measured(backend: Backend, metric: str) -> bool:
    return {"ttft_sched": backend.ttft_sched_ms, "tpot": backend.tpot_ms}[metric] is not None


def fastest(summary: Document) -> int | None:
    """Place of the backend with most output tokens a second; None where none is known."""
    known = [(backend.tok_s, -place) for place, backend in enumerate(summary.backends) if backend.tok_s is not None]
    return -max(known)[1] if known else None


def cheapest(summary: Document) -> int | None:
    """Place of the backend with the least USD per million output tokens, at this load."""
    known = [
        (backend.cost.usd_per_m_output, place)
        for place, backend in enumerate(summary.backends)
        if backend.cost.usd_per_m_output is not None
    ]
    return min(known)[1] if known else None


def by_ttft(summary: Document) -> str:
    """Name of the TTFT that counts: from the scheduled time in an open loop (coordinated omission)."""
    return "ttft_ms" if summary.run.arrivals.kind == "closed" else "ttft_sched_ms"
