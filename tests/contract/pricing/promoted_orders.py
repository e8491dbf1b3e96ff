"""Promotions as staff save them, and orders that have them, in any storage."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.pricing.order_promotions import HeldPromotions, OrderPromotions
from shop.application.pricing.pricing_policy import PricingPolicy
from shop.application.pricing.promotion_limits import stage_counters, stage_end
from shop.application.pricing.quote_cart import CartFacts, CartQuotes, CartToPrice
from shop.application.pricing.rule_book import RuleBook
from shop.application.pricing.rules_in_force import RulesInForce
from shop.domain.cart import Cart
from shop.domain.orders.order import Actor, Order, OrderStatus
from shop.domain.orders.order_pricing import OrderPricing
from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.promotions.promotion_uses import (
    PromotionCounter,
    code_key,
    counter_key,
)
from shop.domain.pricing.quoted import QuoteProblem
from shop.domain.pricing.rule_document import RuleDocument, RuleKind
from shop.domain.pricing.rules import TaxRounding
from shop.domain.shared.money import Money
from shop.domain.user import User
from tests.contract.storage import Storage
from tests.factories import EUR, NOW, line, line_quantities, order, sold_variant, user

ADA, BOB = user("ada"), user("bob")
VARIANTS = {"TEA": sold_variant("TEA")}
POLICY = PricingPolicy(
    currency=EUR, home=None, prices_include_tax=True, tax_rounding=TaxRounding.DOCUMENT
)

_NUMBERS = count()

Outcome = Order | tuple[QuoteProblem, ...]


async def save(storage: Storage, promotion: Promotion) -> None:
    """Save a promotion as staff do."""
    await storage.write(lambda uow: stage(uow, promotion))


async def stage(uow: UnitOfWork, promotion: Promotion) -> None:
    version = await uow.rule_documents.lock()
    found = await uow.rule_documents.find(RuleKind.PROMOTION, [promotion.slug])
    existing = found.get(promotion.slug)
    before = None if existing is None else existing.rule
    assert before is None or isinstance(before, Promotion)
    rule = await stage_counters(uow, promotion, before, version=version, at=NOW)
    uow.rule_documents.put(RuleDocument(rule=rule, version=version, created_at=NOW, updated_at=NOW))


async def add_codes(storage: Storage, *codes: str) -> None:
    """Add codes for one order each."""
    counters = [
        PromotionCounter(
            key=code_key(each), promotion="sale", uses_left=1, rules_version=1, created_at=NOW
        )
        for each in codes
    ]
    await storage.commit(
        *(lambda uow, each=each: uow.promotion_counters.add(each) for each in counters)
    )


async def end(storage: Storage) -> None:
    """End the sale as staff do."""

    async def work(uow: UnitOfWork) -> None:
        version = await uow.rule_documents.lock()
        document = (await uow.rule_documents.find(RuleKind.PROMOTION, ["sale"]))["sale"]
        assert await stage_end(uow, "sale", version)
        uow.rule_documents.put(replace(document, version=version, archived_at=NOW))

    await storage.write(work)


async def rules_of(storage: Storage) -> RulesInForce:
    return await storage.read(lambda uow: RuleBook(POLICY).rules(uow))


def cart(customer: User, *codes: str) -> CartToPrice:
    return CartToPrice(
        cart=Cart(lines=line_quantities(TEA=1)), user_id=customer.id, codes=tuple(codes)
    )


async def decide(
    uow: UnitOfWork,
    *carts: CartToPrice,
    status: OrderStatus = OrderStatus.PAID,
    in_force: RulesInForce | None = None,
) -> Sequence[Outcome]:
    """Place an order of each cart in one unit of work, which is not committed yet."""
    in_force = in_force or await RuleBook(POLICY).rules(uow)
    facts = await CartFacts.load(uow, in_force, NOW, carts, VARIANTS)
    promotions = await OrderPromotions.load(uow, facts)
    quotes = CartQuotes(facts, promotions.usage)
    outcomes: list[Outcome] = []
    for each in carts:
        quote = quotes.quote(each)
        if quote.problems:
            outcomes.append(quote.problems)
            continue
        (customer,) = [known for known in (ADA, BOB) if known.id == each.user_id]
        pricing = OrderPricing.of(quote)
        total = Money(amount=quote.total.amount, currency=EUR)
        placed = order(customer, f"promoted-{next(_NUMBERS)}", line())
        placed = replace(placed, status=status, total=total, pricing=pricing)
        uow.orders.add(placed, placed.initial_status_change(actor=Actor.CUSTOMER))
        assert each.customer is not None
        promotions.take(placed, each.customer)
        outcomes.append(placed)
    return outcomes


async def place(
    storage: Storage, *carts: CartToPrice, status: OrderStatus = OrderStatus.PAID
) -> Sequence[Outcome]:
    """Place an order of each cart in one unit of work."""
    return await storage.write(lambda uow: decide(uow, *carts, status=status))


async def close(storage: Storage, *orders: Outcome) -> None:
    """End orders without a sale, in one unit of work."""

    async def work(uow: UnitOfWork) -> None:
        ended = [each for each in orders if isinstance(each, Order)]
        promotions = await HeldPromotions.lock(uow, ended)
        await uow.orders.lock([each.id for each in ended])
        for each in ended:
            uow.orders.save(*each.transition_to(OrderStatus.CANCELLED, at=NOW, actor=Actor.ADMIN))
            promotions.give_back(each)

    await storage.write(work)


def discounts(outcomes: Sequence[Outcome]) -> list[int | str]:
    """Return what was taken off each order, or the first problem of one that was rejected."""
    return [
        sum(discount.amount for discount in each.discounts)
        if isinstance(each, Order)
        else _first_problem(each)
        for each in outcomes
    ]


def _first_problem(outcome: Outcome) -> str:
    assert not isinstance(outcome, Order)
    return outcome[0].code


async def uses_left(storage: Storage, *codes: str) -> list[int | None]:
    """Return what is left of the sale, and of codes that there still are."""
    keys = [counter_key("sale"), *map(code_key, codes)]
    found = await storage.read(lambda uow: uow.promotion_counters.get_many(keys))
    return [found[each].uses_left for each in keys if each in found]


async def used(storage: Storage) -> int:
    """Return how many orders have the sale."""
    return (await storage.read(lambda uow: uow.promotion_counters.used(["sale"])))["sale"]
