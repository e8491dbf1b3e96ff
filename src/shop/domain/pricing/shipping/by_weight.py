"""A price of shipping by weight."""

from shop.domain.pricing.shipping.price_scale import PriceScale, ShippedGoods
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Money
from shop.domain.shared.value import value


@value
class WeightStep:
    """A price from a weight on."""

    from_weight_grams: int
    price: Money

    def __post_init__(self) -> None:
        if self.from_weight_grams < 0 or self.price.amount < 0:
            raise InvalidValue(field="prices", rule="must not be negative")


@value
class ByWeight(PriceScale):
    """The price of the last step that the goods reach; lighter goods are not taken."""

    steps: tuple[WeightStep, ...]

    def __post_init__(self) -> None:
        weights = [step.from_weight_grams for step in self.steps]
        if not weights or weights != sorted(set(weights)):
            raise InvalidValue(field="prices", rule="must have ascending weights")

    def price(self, goods: ShippedGoods) -> int | None:
        """Find the step."""
        weight = goods.weight_grams
        reached = [step for step in self.steps if step.from_weight_grams <= weight]
        return reached[-1].price.amount if reached else None
