"""What a backend costs while it runs in virtual time: the books that its budget, and the run's, are kept by."""

from ..cost import ApiPrice, spending
from ..plan import BackendPlan
from ..purse import Purse, TokensAsked, most_input_tokens
from .orders import Order


class Money:
    """The books of one backend; `purse` and `spending` are those of a run over HTTP.

    Attributes:
        input_tokens, output_tokens: counted so far.
        cached_tokens, cache_write_tokens: none, the fleet has no cache.
    """

    def __init__(self, plan: BackendPlan) -> None:
        self.input_tokens = 0
        self.output_tokens = 0
        self.cached_tokens = 0
        self.cache_write_tokens = 0
        self._price = plan.price
        self._budget_usd = plan.budget_usd
        self._purse = Purse(plan.price)
        self._bills = isinstance(plan.price, ApiPrice)

    @property
    def at_risk_usd(self) -> float:
        """What may still be billed at the worst."""
        return self._purse.at_risk_usd

    def worst_usd(self, order: Order) -> float:
        """The most one more prompt can cost; 0 where chips are paid by the hour."""
        return self._purse.worst_usd(_most(order))

    def committed_usd(self, first_sent_ns: int | None, active_ns: int) -> float:
        """Spend so far, and what may still be billed at the worst."""
        return spending(self._price, (), self, first_sent_ns, active_ns).usd + self._purse.at_risk_usd

    def affords(self, committed_usd: float, worst_usd: float) -> bool:
        """Whether this backend's own budget bears the worst case of one more prompt."""
        return self._budget_usd is None or committed_usd + worst_usd <= self._budget_usd

    def set_aside(self, index: int, order: Order) -> None:
        """Prompt `index` is about to be sent."""
        if self._bills:
            self._purse.set_aside(index, _most(order))

    def release(self, index: int, counted: Order | None, *, billed: bool) -> None:
        """Its request has ended; as of `Purse`, but that `counted` is in the books from now on."""
        tokens = None
        if counted is not None:
            self.input_tokens += counted.input_tokens
            self.output_tokens += counted.output_tokens
            tokens = TokensAsked(counted.output_tokens, counted.input_tokens)
        self._purse.release(index, tokens, billed=billed)


def _most(order: Order) -> TokensAsked:
    return TokensAsked(order.most_tokens, most_input_tokens(order.prompt_characters, 1))
