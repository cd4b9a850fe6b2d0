"""What a month at some sites comes to: the cost with its interval, the replicas, and what of them is needed."""

from functools import cached_property

import numpy as np

from ...engine.sweep.estimate import Estimate
from .decision import Usage
from .draws import Column, certain, estimated
from .evaluation import Outcome, outcome
from .instance import SECONDS_AN_HOUR, Instance, Mask
from .optimum import Strategy
from .question import Question


class Months:
    """A strategy as estimated and as drawn, from which the usage of any of its sites is read."""

    def __init__(self, question: Question, of: Instance, strategy: Strategy) -> None:
        classes, options = len(of.demand.classes), len(of.demand.options)
        self.of = of
        self.strategy = strategy
        self.expected = outcome(of, strategy, certain(classes, options))
        self._question = question

    @cached_property
    def drawn(self) -> Outcome:
        """Of every draw of the uncertain inputs."""
        return outcome(self.of, self.strategy, self._question.draws)

    @property
    def cost(self) -> float:
        """A month of all as estimated, in USD."""
        return float(self.expected.usd[0])

    @property
    def usd(self) -> Estimate:
        """A month of all."""
        return estimated(self.cost, self.drawn.usd)

    def usd_per_m_output(self) -> Estimate:
        """Over all output tokens."""
        everywhere = np.ones(len(self.of.site_option), np.bool_)
        return self.usage(everywhere).usd_per_m_output

    def usage(self, sites: Mask) -> Usage:
        """Of the sites (G,) together."""
        of, expected = self.of, self.expected
        months = expected.site_usd[0, sites].sum(), self.drawn.site_usd[:, sites].sum(axis=1)
        tokens_in, tokens_out = self._tokens(sites)
        replicas = expected.replicas[0, sites].sum(axis=0)
        paid_hours = float((expected.replicas[0, sites] @ of.hours).sum())
        needed_hours = float((expected.needed[0, sites] @ of.hours).sum())
        hours_usd = float(expected.hours_usd[0, sites].sum())
        needed_usd = float((expected.needed[0, sites] @ of.hours * of.replica_usd[sites]).sum())
        own_usd = float(expected.own_usd[0][:, sites].sum())
        energy_usd = float(expected.energy_usd[0, sites].sum())
        utilisation = needed_hours / paid_hours if paid_hours else None
        bought, needed = self._memory(sites)
        return Usage(
            usd_per_month=estimated(float(months[0]), months[1]),
            usd_per_m_output=_per_million(months, tokens_out),
            usd_per_m_total=_per_million(months, (tokens_in[0] + tokens_out[0], tokens_in[1] + tokens_out[1])),
            usd_per_m_output_full=(needed_usd + own_usd) / tokens_out[0] * 1e6
            if paid_hours and tokens_out[0]
            else None,
            replicas_peak=round(float(replicas.max())) if len(replicas) else 0,
            replicas_mean=paid_hours / float(of.hours.sum()),
            chips_peak=self._chips(sites),
            utilisation=utilisation,
            idle_usd_per_month=hours_usd * (1 - utilisation) if utilisation is not None else 0.0,
            energy_usd_per_month=energy_usd or None,
            memory_bought_gb=bought,
            memory_needed_gb=needed,
        )

    def _tokens(self, sites: Mask) -> tuple[tuple[float, Column], tuple[float, Column]]:
        """Input and output tokens a month, as estimated and as drawn."""
        of, volume = self.of, self._question.draws.volume
        requests = np.einsum("kjb,b->kj", self.strategy.flows[0], of.hours) * SECONDS_AN_HOUR
        totals = np.zeros(2)
        draws = np.zeros((2, len(volume)))
        for k, j in zip(*np.nonzero(requests * sites[of.pool_site]), strict=True):
            c = of.flow_class[k]
            known = self._question.known[of.demand.options[of.pool_option[j]].name, of.demand.classes[c].name]
            for at, tokens in enumerate((known.input_tokens, known.output_tokens)):
                totals[at] += requests[k, j] * tokens
                draws[at] += requests[k, j] * tokens * volume[:, c]
        return (float(totals[0]), draws[0]), (float(totals[1]), draws[1])

    def _chips(self, sites: Mask) -> int:
        peak = self.expected.replicas[0].max(axis=1)
        options = self.of.demand.options
        return sum(
            round(float(peak[g])) * chips_of(self._question, options[self.of.site_option[g]].name)
            for g in np.flatnonzero(sites)
        )

    def _memory(self, sites: Mask) -> tuple[float | None, float | None]:
        """Bought and needed at the peak, in GB, of the options for which that is known."""
        bought, needed = 0.0, 0.0
        peak = self.expected.replicas[0].max(axis=1)
        for g in np.flatnonzero(sites):
            name = self.of.demand.options[self.of.site_option[g]].name
            known = [each for (option, _), each in self._question.known.items() if option == name]
            pairs = [(each.memory_bought_gb, each.memory_needed_gb) for each in known
                     if each.memory_bought_gb is not None and each.memory_needed_gb is not None]  # fmt: skip
            if not pairs and peak[g]:
                return None, None
            bought += float(peak[g]) * max((pair[0] for pair in pairs), default=0.0)
            needed += float(peak[g]) * max((pair[1] for pair in pairs), default=0.0)
        return (bought, needed) if bought else (None, None)


def chips_of(question: Question, option: str) -> int:
    """Chips of a replica of an option; 0 where nobody says."""
    return max((each.chips for (name, _), each in question.known.items() if name == option), default=0)


def _per_million(usd: tuple[float, Column], tokens: tuple[float, Column]) -> Estimate:
    if not tokens[0]:
        return Estimate.exactly(0.0)
    return estimated(float(usd[0]) / tokens[0] * 1e6, usd[1] / tokens[1] * 1e6)
