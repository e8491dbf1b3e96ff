"""Keeps the counters of a promotion in step with what staff save."""

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
    uow: UnitOfWork, promotion: Promotion, before: Promotion | None, at: datetime
) -> Promotion:
    """Stage the counters of a saved promotion, and return it as it needs a code or none.

    Raise `InvalidValue` for a limit below the uses, and for a code that is taken. Uses cannot grow
    meanwhile: the counters are locked.
    """
    key = counter_key(promotion.slug)
    codes = {each.code for each in (promotion, before) if each is not None and each.code}
    locked = await uow.promotion_counters.lock(sorted({key, *map(code_key, codes)}))
    used = (await uow.promotion_uses.counts([promotion.slug]))[promotion.slug]
    if promotion.limit is not None and promotion.limit < used:
        raise InvalidValue(field="limit", rule=f"must be at least {used}, which are used")
    _stage_code(uow, promotion, locked.get(code_key(promotion.code or "")), at)
    if before is not None and before.code not in (None, promotion.code):
        uow.promotion_counters.remove(code_key(before.code or ""))
    left = None if promotion.limit is None else promotion.limit - used
    counter = PromotionCounter(key=key, promotion=promotion.slug, uses_left=left, created_at=at)
    if key in locked:
        uow.promotion_counters.save(replace(locked[key], uses_left=left))
    elif promotion.is_limited:
        uow.promotion_counters.add(counter)
    single_use = await uow.promotion_counters.single_use_codes(promotion.slug, _ONE)
    requires_code = promotion.code is not None or bool(single_use.items)
    return replace(promotion, requires_code=requires_code)


def stage_end(uow: UnitOfWork, promotion: Promotion, *, has_uses: bool) -> None:
    """Stage what becomes of the counters of a promotion that ends.

    Those of uses stay as long as orders can give uses back; others can have the code again.
    """
    if not has_uses:
        uow.promotion_counters.remove_all(promotion.slug)
    elif promotion.code is not None:
        uow.promotion_counters.remove(code_key(promotion.code))


def _stage_code(
    uow: UnitOfWork, promotion: Promotion, existing: PromotionCounter | None, at: datetime
) -> None:
    if promotion.code is None:
        return
    if existing is None:
        uow.promotion_counters.add(
            PromotionCounter(
                key=code_key(promotion.code),
                promotion=promotion.slug,
                uses_left=None,
                created_at=at,
            )
        )
    elif existing.promotion != promotion.slug or existing.is_single_use:
        rule = f"must be another one; the promotion {existing.promotion} has {promotion.code}"
        raise InvalidValue(field="code", rule=rule)
