"""The promotions of a group of orders: a use is taken with the order, and given back with it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Self

from shop.application.ports.unit_of_work import TransientFailure, UnitOfWork
from shop.application.pricing.promotion_usage import PromotionUsage
from shop.application.pricing.quote_cart import CartFacts
from shop.domain.orders.order import Order, OrderStatus
from shop.domain.pricing.promotions.promotion_uses import (
    PromotionCounter,
    PromotionCustomer,
    PromotionUse,
    code_key,
    counter_key,
    smallest_free_number,
)
from shop.domain.pricing.quoted import QuotedDiscount


class OrderPromotions:
    """Takes the promotions of new orders, one order after the other."""

    def __init__(self, uow: UnitOfWork, usage: PromotionUsage, now: datetime) -> None:
        self._uow = uow
        self._usage = usage
        self._now = now

    @classmethod
    async def load(
        cls,
        uow: UnitOfWork,
        facts: CartFacts,
    ) -> Self:
        """Lock what orders of these carts can take.

        Without promotions and codes, nothing is locked or looked up.
        """
        usage = await PromotionUsage.lock(uow, facts.in_force, facts.buyers, facts.find_automatic())
        return cls(uow, usage, facts.at)

    @property
    def usage(self) -> PromotionUsage:
        """What is used of promotions, by the orders so far too."""
        return self._usage

    def take(self, order: Order, customer: PromotionCustomer) -> None:
        """Stage the uses of a customer's new order, which was quoted with `usage`.

        Raise `TransientFailure` if staff have changed one of its promotions since the rules were
        read.
        """
        for discount in order.discounts:
            self._take(order, customer, discount)
        self._usage.add_order(customer)

    def _take(self, order: Order, customer: PromotionCustomer, discount: QuotedDiscount) -> None:
        usage, counters = self._usage, self._uow.promotion_counters
        counter = usage.counter(counter_key(discount.promotion))
        if counter is None or counter.rules_version > usage.rules_version:
            raise TransientFailure(f"the promotion {discount.promotion} was changed meanwhile")
        if usage.promotion(discount.promotion).is_limited:
            counters.take(counter.key, usage.rules_version)
        else:
            counters.hold(counter.key, usage.rules_version)
        code_counter = usage.counter(code_key(discount.code or ""))
        if code_counter is not None and code_counter.is_single_use:
            counters.take(code_counter.key, usage.rules_version)
        use = PromotionUse(
            promotion=discount.promotion,
            order_id=order.id,
            customer_key=customer.key,
            n=self._number_of_use(customer, discount),
            code=discount.code,
            created_at=self._now,
        )
        self._uow.promotion_uses.add(use)
        usage.take(use, is_pending=order.status is OrderStatus.PENDING)

    def _number_of_use(self, customer: PromotionCustomer, discount: QuotedDiscount) -> int | None:
        if self._usage.promotion(discount.promotion).uses_per_customer is None:
            return None
        held = self._usage.held_by(discount.promotion, customer)
        return smallest_free_number([each.n for each in held])


class HeldPromotions:
    """Gives back the promotions of orders that end without a sale."""

    def __init__(self, uow: UnitOfWork, counters: Mapping[str, PromotionCounter]) -> None:
        self._uow = uow
        self._counters = counters

    @classmethod
    async def lock(cls, uow: UnitOfWork, orders: Collection[Order]) -> Self:
        """Lock what these orders can give back; without promotions, nothing is locked."""
        keys = {key for order in orders for key in _keys(order)}
        return cls(uow, await uow.promotion_counters.lock(sorted(keys)) if keys else {})

    def give_back(self, order: Order) -> None:
        """Stage that an order has no promotion any more."""
        for discount in order.discounts:
            self._uow.promotion_uses.remove(discount.promotion, order.id)
            for key in _keys_of(discount):
                counter = self._counters.get(key)
                # A promotion that has ended has no codes any more; another one can have them.
                if counter is not None and counter.promotion == discount.promotion:
                    self._give_back(counter)

    def _give_back(self, counter: PromotionCounter) -> None:
        # Also without a limit: staff may be setting one now.
        if counter.code is None or counter.is_single_use:
            self._uow.promotion_counters.give_back(counter.key)


def _keys(order: Order) -> Collection[str]:
    return [key for discount in order.discounts for key in _keys_of(discount)]


def _keys_of(discount: QuotedDiscount) -> Sequence[str]:
    keys = (counter_key(discount.promotion),)
    return keys if discount.code is None else (*keys, code_key(discount.code))
