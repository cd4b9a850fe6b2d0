"""Small demands made by hand, with capacities and prices that can be reckoned with."""

from dataclasses import dataclass, field

from infertop.engine.cost import ApiPrice, Price, RentedPrice
from infertop.engine.sweep.estimate import Estimate
from infertop.profiles.demand import DAYS_A_MONTH, Constraints, Demand, DemandClass, Option
from infertop.sessions.decide.capacity import Capacity
from infertop.sessions.decide.decision import Offer
from infertop.sessions.decide.question import Question

INPUT, OUTPUT = 1000.0, 100.0
A_DAY = 86_400
MONTH_S = DAYS_A_MONTH * A_DAY


def api(usd_per_request: float) -> ApiPrice:
    """Bills this for a request of INPUT and OUTPUT tokens."""
    return ApiPrice(usd_per_m_input=usd_per_request / INPUT * 1e6, usd_per_m_output=0.0)


def rented(usd_per_hour: float) -> RentedPrice:
    return RentedPrice(usd_per_chip_hour=usd_per_hour)


def traffic(name: str = "chat", per_s: float = 1.0, **more: object) -> DemandClass:
    """A class of so many requests a second in the mean of a day."""
    return DemandClass(name=name, requests_per_day=Estimate.exactly(per_s * A_DAY), **more)  # type: ignore[arg-type]


@dataclass
class Case:
    """A demand being put together."""

    classes: list[DemandClass] = field(default_factory=lambda: [traffic()])
    constraints: Constraints = field(default_factory=Constraints)
    options: list[Option] = field(default_factory=list)
    capacities: list[Capacity] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)

    def add(
        self,
        name: str,
        price: Price,
        per_s: float | dict[str, float],
        *,
        vendor: str = "",
        capacity: dict[str, object] | None = None,
        **option: object,
    ) -> "Case":
        """An option whose replica serves `per_s` of each class; 0 cannot keep the limits."""
        self.options.append(Option(name=name, price=price, **option))  # type: ignore[arg-type]
        self.offers.append(Offer(option=name, price=price, vendor=vendor or name, model="a-model"))
        for each in self.classes:
            rate = per_s[each.name] if isinstance(per_s, dict) else per_s
            self.capacities.append(
                Capacity(
                    option=name,
                    class_name=each.name,
                    requests_per_s=Estimate.exactly(rate),
                    kept=rate > 0,
                    input_tokens=INPUT,
                    output_tokens=OUTPUT,
                    chips=1,
                    source="by hand",
                    **(capacity or {}),  # type: ignore[arg-type]
                )
            )
        return self

    @property
    def demand(self) -> Demand:
        return Demand(classes=tuple(self.classes), constraints=self.constraints, options=tuple(self.options))

    @property
    def question(self) -> Question:
        return Question.of(self.demand, self.capacities, self.offers)
