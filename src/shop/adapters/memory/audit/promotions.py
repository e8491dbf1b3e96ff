"""Audit rules of promotions and their uses."""

from collections import Counter
from collections.abc import Iterator, Mapping
from uuid import UUID

from shop.adapters.memory.audit.orders import CLOSED
from shop.adapters.memory.engine.database import State
from shop.application.ports.repositories.audit import Fact
from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.promotions.promotion_uses import counter_key

Facts = Iterator[Mapping[str, Fact]]


def uses_unlike_orders(state: State) -> Facts:
    """Find uses of orders without the promotion, and promotions of orders without a use."""
    discounts = _promotions_of_orders(state)
    for use in state.promotion_uses.rows.values():
        if discounts.get((use.promotion, use.order_id), "") != use.code:
            yield _facts(use.promotion, use.order_id, code=use.code)
    for (promotion, order_id), code in discounts.items():
        is_closed = state.orders.rows[order_id].status in CLOSED
        if not is_closed and (promotion, order_id) not in state.promotion_uses.rows:
            yield _facts(promotion, order_id, code=code)


def uses_above_limit(state: State) -> Facts:
    """Find counters that differ from the limit and the uses of their promotion or code."""
    uses = Counter(each.promotion for each in state.promotion_uses.rows.values())
    counters = state.promotion_counters.rows
    for promotion in _promotions(state).values():
        counter = counters.get(counter_key(promotion.slug))
        left = None if counter is None else counter.uses_left
        if left != (None if promotion.limit is None else promotion.limit - uses[promotion.slug]):
            yield {
                "promotion": promotion.slug,
                "code": None,
                "use_limit": promotion.limit,
                "uses_left": left,
                "uses": uses[promotion.slug],
            }
    by_code = Counter((each.promotion, each.code) for each in state.promotion_uses.rows.values())
    for counter in counters.values():
        used = by_code[(counter.promotion, counter.code)]
        if counter.is_single_use and counter.uses_left != 1 - used:
            yield {
                "promotion": counter.promotion,
                "code": counter.code,
                "use_limit": 1,
                "uses_left": counter.uses_left,
                "uses": used,
            }


def uses_above_limit_of_customer(state: State) -> Facts:
    """Find uses whose number is none that a customer can have."""
    promotions = _promotions(state)
    for use in state.promotion_uses.rows.values():
        promotion = promotions.get(use.promotion)
        if promotion is None or use.n is None:
            continue
        limit = promotion.uses_per_customer
        if use.n < 1 or (limit is not None and use.n > limit):
            yield {
                **_facts(use.promotion, use.order_id),
                "customer_key": use.customer_key,
                "n": use.n,
                "uses_per_customer": limit,
            }


def uses_held_by_closed_orders(state: State) -> Facts:
    """Find uses of orders that came to nothing."""
    for use in state.promotion_uses.rows.values():
        status = state.orders.rows[use.order_id].status
        if status in CLOSED:
            yield _facts(use.promotion, use.order_id, status=status.value)


def _promotions(state: State) -> Mapping[str, Promotion]:
    rules = (each.rule for each in state.pricing_rules.rows.values())
    return {each.slug: each for each in rules if isinstance(each, Promotion)}


def _promotions_of_orders(state: State) -> Mapping[tuple[str, UUID], str | None]:
    return {
        (discount.promotion, order.id): discount.code
        for order in state.orders.rows.values()
        if order.pricing is not None
        for discount in order.pricing.discounts
    }


def _facts(promotion: str, order_id: UUID, **more: Fact) -> Mapping[str, Fact]:
    return {"promotion": promotion, "order_id": str(order_id), **more}
