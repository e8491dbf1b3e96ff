"""Orders with discounts, shipping and taxes, in a consistent shop."""

from collections.abc import Sequence
from dataclasses import replace

from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.orders.order import Order
from shop.domain.orders.order_details import NO_DETAILS, OrderDetails
from shop.domain.orders.order_pricing import OrderPricing
from shop.domain.orders.refund import Refund
from shop.domain.payment import PaymentMethod
from shop.domain.pricing.kept_line import KeptLine
from shop.domain.pricing.promotions.promotion_uses import (
    PromotionCounter,
    PromotionUse,
    counter_key,
    customer_key,
)
from shop.domain.pricing.quoted import QuotedDiscount, QuotedShipping, QuotedTax
from tests.contract.audit.consistent_orders import (
    ADA,
    charge,
    paid,
    store_fulfilment,
    store_order,
    store_transfers,
    transfer_of,
)
from tests.contract.audit.fulfilled_orders import CLEARING
from tests.contract.storage import Storage
from tests.factories import NOW, eur, line, order, payment, product

TEN_PERCENT = QuotedDiscount(
    promotion="ten",
    code="TEN",
    name="Ten per cent off",
    line_shares=(100, 50),
    shipping_share=0,
    amount=150,
)
CHEAP_PARCEL = QuotedDiscount(
    promotion="cheap-parcel",
    code=None,
    name="A cheap parcel",
    line_shares=(0, 0),
    shipping_share=90,
    amount=90,
)

UNTAXED = OrderPricing(
    prices_include_tax=True,
    lines=(
        KeptLine(quantity=2, unit_price=500, discount=100, tax=0, prices_include_tax=True),
        KeptLine(quantity=1, unit_price=500, discount=50, tax=0, prices_include_tax=True),
    ),
    shipping=QuotedShipping(method="parcel", name="Parcel", price=490),
    discounts=(TEN_PERCENT, CHEAP_PARCEL),
    taxes=(),
)
"""900 for two mugs, 450 for a jar, 400 for shipping."""

VAT = QuotedTax(
    name="VAT",
    rate=19_000,
    reason=None,
    positions=(0, 1, None),
    bases=(757, 378, 336),
    amounts=(143, 72, 64),
)
EXPORT = replace(VAT, rate=0, reason="export", bases=(900, 450, 400), amounts=(0, 0, 0))


def with_line(pricing: OrderPricing, position: int, *, discount: int, tax: int) -> OrderPricing:
    """Return a pricing that keeps something else with one line."""
    lines = list(pricing.lines)
    lines[position] = replace(lines[position], discount=discount, tax=tax)
    return replace(pricing, lines=tuple(lines))


def taxed(tax: QuotedTax, *, prices_include_tax: bool = True) -> OrderPricing:
    """Return the pricing with a tax on all of its lines and on shipping."""
    lines = tuple(
        replace(each, tax=amount, prices_include_tax=prices_include_tax)
        for each, amount in zip(UNTAXED.lines, tax.amounts, strict=False)
    )
    return replace(UNTAXED, prices_include_tax=prices_include_tax, lines=lines, taxes=(tax,))


GROSS = taxed(VAT)
"""With 279 of VAT in its total of 1,750."""

NET = taxed(replace(VAT, bases=(900, 450, 400), amounts=(171, 86, 76)), prices_include_tax=False)
"""With 333 of VAT beside 1,750."""

PLAIN = replace(
    UNTAXED,
    lines=tuple(replace(each, discount=0) for each in UNTAXED.lines),
    shipping=None,
    discounts=(),
)

FREE = replace(
    with_line(with_line(PLAIN, 0, discount=1_000, tax=0), 1, discount=500, tax=0),
    discounts=(replace(TEN_PERCENT, line_shares=(1_000, 500), amount=1_500),),
)


def priced(name: str, pricing: OrderPricing | None, total: int | None = None) -> Order:
    """Return an order by card of two mugs and a jar; its total may be another than it costs."""
    costs = (PLAIN if pricing is None else pricing).totals.total if total is None else total
    has_shipping = pricing is not None and pricing.shipping is not None
    return order(
        ADA,
        name,
        line("MUG", 2, product="MUG"),
        line("JAR", product="JAR"),
        total=eur(costs),
        payment_method=PaymentMethod.CARD if costs else PaymentMethod.NONE,
        pricing=pricing,
        details=OrderDetails(shipping_method="parcel") if has_shipping else NO_DETAILS,
    )


async def store_priced_orders(storage: Storage, *placed: Order) -> None:
    """Store paid orders, and the stock that they need."""
    for sku in ("MUG", "JAR"):
        await storage.add_product(product(sku), 1_000)
    for each in placed:
        # `paid` charges something, but an order of 0 is charged nothing.
        step = replace(paid(replace(each, total=eur(1))), order=each, payment=payment(each))
        is_free = each.total.amount == 0
        charges = () if is_free else (charge(each, debit_account_id=CLEARING),)
        await store_order(storage, replace(step, transfers=charges))
        await _store_uses(storage, uses_of(each))


async def _store_uses(storage: Storage, uses: Sequence[PromotionUse]) -> None:
    keys = sorted(counter_key(each.promotion) for each in uses)

    async def add_counters(uow: UnitOfWork) -> None:
        found = await uow.promotion_counters.get_many(keys)
        for use in uses:
            key = counter_key(use.promotion)
            if key not in found:
                counter = PromotionCounter(
                    key=key,
                    promotion=use.promotion,
                    uses_left=None,
                    rules_version=1,
                    created_at=NOW,
                )
                uow.promotion_counters.add(counter)

    async def take(uow: UnitOfWork) -> None:
        await uow.promotion_counters.lock([], shared=keys)
        for use in uses:
            uow.promotion_counters.hold(counter_key(use.promotion), rules_version=1)
            uow.promotion_uses.add(use)

    await storage.write(add_counters)
    await storage.write(take)


def uses_of(placed: Order) -> Sequence[PromotionUse]:
    """Return the uses of an order's promotions."""
    return [
        PromotionUse(
            promotion=discount.promotion,
            order_id=placed.id,
            customer_key=customer_key(placed.user_id),
            n=None,
            code=discount.code,
            created_at=placed.placed_at,
        )
        for discount in (placed.pricing.discounts if placed.pricing else ())
    ]


async def store_refunds(storage: Storage, *made: Refund) -> None:
    """Store refunds of card orders to the account, and their transfers."""
    await storage.write(lambda uow: store_transfers(uow, tuple(map(transfer_of, made))))
    await storage.write(lambda uow: store_fulfilment(uow, (), made))
