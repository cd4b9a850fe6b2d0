"""How sure an answer is: how often it is cheaper than what one would do without each of the options it uses."""

from ...backends.printable import printable
from ..figures import share
from .decision import Rival, Verdict
from .draws import DRAWS, SURE
from .instance import Instance
from .optimum import Strategy
from .question import Question
from .resilience import Replanned
from .usage import Months


def verdict(question: Question, of: Instance, strategy: Strategy, replanned: Replanned) -> Verdict:
    """Compare an answer with its rivals on the same draws of the uncertain inputs.

    Whatever uses other options does without at least one of the answer's or with more than it: the cheapest without
    each is the nearest rival of the first kind, and of the second there is none, for the optimum would use it. What
    they share, as the volume, cancels: each draw is the same for both. Routing stays as it was planned, replicas
    follow the draw.
    """
    answer = Months(question, of, strategy)
    rivals = []
    for without, (left, other) in replanned.items():
        months = Months(question, left, other)
        loses = float((months.drawn.usd > answer.drawn.usd).mean())
        rivals.append(Rival(words=f"{_in_words(left, other)} (the best without {printable(without, 40)})",
                            usd_per_month=months.usd, loses=loses))  # fmt: skip
    rivals.sort(key=lambda each: each.loses)
    if not rivals:
        return Verdict(verdict="only one", why="nothing else serves the demand", draws=DRAWS)
    nearest = rivals[0]
    only = "" if nearest.loses >= SURE else "only "
    against = (
        f"cheaper than {nearest.words} in {only}{share(nearest.loses)} of {DRAWS:,} draws of the uncertain inputs"
    )
    if nearest.loses >= SURE:
        return Verdict(verdict="clear", why=against, draws=DRAWS, rivals=tuple(rivals))
    return Verdict(verdict="too close to call", why=against, draws=DRAWS, rivals=tuple(rivals))


def _in_words(of: Instance, strategy: Strategy) -> str:
    names = [printable(of.demand.options[o].name, 40) for o in dict.fromkeys(of.site_option[strategy.used].tolist())]
    return " + ".join(names) or "nothing"
