"""Shipping zones: areas with methods of their own."""

from shop.domain.pricing.places import Area
from shop.domain.shared.value import value


@value
class ShippingZone:
    """An area to which a shop ships."""

    slug: str
    name: str
    area: Area
