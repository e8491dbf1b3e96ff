"""Keeps the counters of a promotion in step with what staff save.

Orders take uses with the same counters, so they wait for a change of the promotion, and a change
waits for them. An order that was decided by earlier rules finds the version of the change.
"""

from dataclasses import replace
from datetime import datetime

from shop.application.ports.paging import PageRequest
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.promotions.promotion_uses import (
    PromotionCounter,
    code_key,
    counter_key,
)
from shop.domain.shared.errors import InvalidValue

_ONE = PageRequest[str](limit=1, after=None)


async def stage_counters(
    uow: UnitOfWork, promotion: Promotion, before: Promotion | None, *, version: int, at: datetime
) -> Promotion:
    """Stage the counters of a saved promotion, and return it as it needs a code or none.

    Raise `InvalidValue` for a limit below the uses, and for a code that is taken. Uses of customers
    that are above a new limit still count, but have no number any more.
    """
    key = counter_key(promotion.slug)
    codes = {each.code for each in (promotion, before) if each is not None and each.code}
    locked = await uow.promotion_counters.lock_whole(sorted({key, *map(code_key, codes)}))
    # Uses cannot grow meanwhile: the counter is locked. A new promotion has none.
    used = (await uow.promotion_counters.used([promotion.slug]))[promotion.slug]
    if promotion.limit is not None and promotion.limit < used:
        raise InvalidValue(field="limit", rule=f"must be at least {used}, which are used")
    left = None if promotion.limit is None else promotion.limit - used
    counter = PromotionCounter(
        key=key, promotion=promotion.slug, uses_left=left, rules_version=version, created_at=at
    )
    _stage_code(uow, promotion, locked.get(code_key(promotion.code or "")), counter)
    if before is not None and before.code not in (None, promotion.code):
        uow.promotion_counters.remove(code_key(before.code or ""))
    if key in locked:
        uow.promotion_counters.save(replace(counter, created_at=locked[key].created_at))
    else:
        uow.promotion_counters.add(counter)
    if promotion.uses_per_customer is not None:
        uow.promotion_uses.forget_numbers(promotion.slug, above=promotion.uses_per_customer)
    single_use = await uow.promotion_counters.single_use_codes(promotion.slug, _ONE)
    requires_code = promotion.code is not None or bool(single_use.items)
    return replace(promotion, requires_code=requires_code)


async def stage_end(uow: UnitOfWork, slug: str, version: int) -> bool:
    """Stage what becomes of the counters of a promotion that ends; return whether orders have it.

    Its codes end with it, so another promotion of the slug has none of them. The counter of uses
    stays as long as orders can give uses back.
    """
    key = counter_key(slug)
    # Orders lock the codes before the counter, too.
    counter = (await uow.promotion_counters.lock_all(slug))[key]
    has_orders = bool((await uow.promotion_counters.used([slug]))[slug])
    uow.promotion_counters.end_codes(slug)
    if has_orders:
        uow.promotion_counters.save(replace(counter, rules_version=version))
    else:
        uow.promotion_counters.remove(key)
    return has_orders


def _stage_code(
    uow: UnitOfWork,
    promotion: Promotion,
    existing: PromotionCounter | None,
    counter: PromotionCounter,
) -> None:
    if promotion.code is None:
        return
    if existing is None:
        uow.promotion_counters.add(replace(counter, key=code_key(promotion.code), uses_left=None))
    elif existing.promotion != promotion.slug or existing.is_single_use:
        rule = f"must be another one; the promotion {existing.promotion} has {promotion.code}"
        raise InvalidValue(field="code", rule=rule)
