"""A price of shipping by the amount of the goods."""

from shop.domain.pricing.shipping.price_scale import PriceScale, ShippedGoods
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Money
from shop.domain.shared.value import value


@value
class AmountStep:
    """A price from an amount on."""

    from_amount: Money
    price: Money

    def __post_init__(self) -> None:
        if self.from_amount.amount < 0 or self.price.amount < 0:
            raise InvalidValue(field="prices", rule="must not be negative")


@value
class ByAmount(PriceScale):
    """The price of the last step that the goods reach; a step from 0 can be the only one."""

    steps: tuple[AmountStep, ...]

    def __post_init__(self) -> None:
        amounts = [step.from_amount.amount for step in self.steps]
        if not amounts or amounts != sorted(set(amounts)):
            raise InvalidValue(field="prices", rule="must have ascending amounts")

    @property
    def depends_on_amount(self) -> bool:
        """Whether there is more than one price for all amounts."""
        return len(self.steps) > 1 or self.steps[0].from_amount.amount > 0

    def price(self, goods: ShippedGoods) -> int | None:
        """Find the step."""
        reached = [step for step in self.steps if step.from_amount.amount <= goods.amount]
        return reached[-1].price.amount if reached else None
