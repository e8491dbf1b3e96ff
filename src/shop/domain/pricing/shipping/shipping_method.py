"""Shipping methods: ways to the customer at a price, or collection by the customer."""

from shop.domain.pricing.places import Destination
from shop.domain.pricing.shipping.price_scale import PriceScale, ShippedGoods
from shop.domain.pricing.shipping.shipping_tax import ShippingTax
from shop.domain.pricing.shipping.shipping_zone import ShippingZone
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Money
from shop.domain.shared.value import value


@value
class ShippingMethod:
    """A method for the destinations of a zone; pick-up serves customers of any place.

    From the amount `free_from` on, the method is free. `estimate` says when goods arrive.
    """

    code: str
    name: str
    zone: str
    prices: PriceScale
    free_from: Money | None
    is_pick_up: bool
    tax: ShippingTax
    active: bool
    estimate: str | None = None

    def __post_init__(self) -> None:
        if self.free_from is not None and self.free_from.amount < 0:
            raise InvalidValue(field="free_from", rule="must not be negative")

    @property
    def price_depends_on_amount(self) -> bool:
        """Whether a discount of the goods can change the price."""
        return self.prices.depends_on_amount or self.free_from is not None

    def serves(self, destination: Destination | None, zones: tuple[ShippingZone, ...]) -> bool:
        """Check whether the method is offered for a destination."""
        if not self.active:
            return False
        if self.is_pick_up:
            return True
        return destination is not None and any(
            zone.slug == self.zone and zone.area.contains(destination) for zone in zones
        )

    def price(self, goods: ShippedGoods) -> int | None:
        """Return the price; None if the method does not take such goods."""
        price = self.prices.price(goods)
        if price is None or self.free_from is None or goods.amount < self.free_from.amount:
            return price
        return 0
