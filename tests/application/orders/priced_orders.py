"""A priced order: what was bought for 300, with shipping, a discount and taxes in it."""

from dataclasses import replace

from shop.application.checkout.placed_order import PlacedOrder
from shop.domain.orders.order_details import OrderDetails
from shop.domain.orders.order_pricing import OrderPricing
from shop.domain.pricing.kept_line import KeptLine
from shop.domain.pricing.promotions.promotion_uses import PromotionUse, customer_key
from shop.domain.pricing.quoted import QuotedDiscount, QuotedShipping, QuotedTax
from tests.application.memory_shop import MemoryShop

PRICING = OrderPricing(
    prices_include_tax=True,
    lines=(
        KeptLine(quantity=2, unit_price=100, discount=9, tax=30, prices_include_tax=True),
        KeptLine(quantity=1, unit_price=100, discount=0, tax=16, prices_include_tax=True),
    ),
    shipping=QuotedShipping(method="post", name="By post", price=9),
    discounts=(
        QuotedDiscount(
            promotion="tea",
            code=None,
            name="Tea for less",
            line_shares=(9, 0),
            shipping_share=0,
            amount=9,
        ),
    ),
    taxes=(
        QuotedTax(
            name="VAT",
            rate=19_000,
            reason=None,
            positions=(0, 1, None),
            bases=(161, 84, 7),
            amounts=(30, 16, 2),
        ),
    ),
)
"""191 for two of tea, 100 for coffee, 9 for shipping; 48 of it is tax."""


def store_pricing(shop: MemoryShop, placed: PlacedOrder) -> None:
    """Have an order of two of tea and one of coffee keep this pricing."""
    order = shop.state.orders.rows[placed.order.id]
    details = OrderDetails(shipping_method="post")
    priced = replace(order, pricing=PRICING, details=details)
    orders = shop.state.orders.with_changes(saved=[priced])
    use = PromotionUse(
        promotion="tea",
        order_id=order.id,
        customer_key=customer_key(order.user_id),
        n=None,
        code=None,
        created_at=order.placed_at,
    )
    uses = shop.state.promotion_uses.with_changes(added=[use])
    shop.database.state = replace(shop.state, orders=orders, promotion_uses=uses)
