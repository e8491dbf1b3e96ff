"""What is used of the promotions that the carts of a group could have."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Self
from uuid import UUID

from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.pricing.rules_in_force import RulesInForce
from shop.domain.pricing.cart_to_quote import EnteredCode, UsesSoFar
from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.promotions.promotion_uses import (
    HeldUse,
    PromotionCounter,
    PromotionCustomer,
    PromotionUse,
    code_key,
    counter_key,
)
from shop.domain.shared.value import value


@value
class CodesOfBuyer:
    """The codes that a customer has entered, normalised; None stands for a visitor."""

    customer: PromotionCustomer | None
    codes: tuple[str, ...]


class PromotionUsage:
    """What is left of promotions and codes, and what their customers have had.

    The orders of a group are counted one after the other, so that each is quoted with what the ones
    before have left.
    """

    def __init__(
        self,
        in_force: RulesInForce,
        *,
        counters: Mapping[str, PromotionCounter],
        uses: Mapping[tuple[str, str], Sequence[HeldUse]],
        have_ordered: Collection[PromotionCustomer],
    ) -> None:
        self._in_force = in_force
        self._counters = dict(counters)
        self._uses: dict[tuple[str, str], list[HeldUse]] = defaultdict(list)
        for key, held in uses.items():
            self._uses[key] += held
        self._have_ordered = set(have_ordered)

    @classmethod
    async def read(
        cls,
        uow: UnitOfWork,
        in_force: RulesInForce,
        buyers: Collection[CodesOfBuyer],
        at: datetime,
    ) -> Self:
        """Look up what is used of all promotions that carts could have, to show the carts.

        A cart that is changed may come to have any promotion without a code. Without limits and
        codes, nothing is looked up.
        """
        candidates = await _Candidates.find(uow, in_force, buyers, in_force.automatic_at(at))
        limited = [each.slug for each in candidates.promotions if each.limit is not None]
        keys = sorted(map(counter_key, limited))
        counters = await uow.promotion_counters.get_many(keys) if keys else {}
        return await cls._load(uow, in_force, candidates, counters)

    @classmethod
    async def lock(
        cls,
        uow: UnitOfWork,
        in_force: RulesInForce,
        buyers: Collection[CodesOfBuyer],
        automatic: Sequence[Promotion],
    ) -> Self:
        """Lock what orders can take: shared with other orders where uses are not limited.

        Without promotions and codes, nothing is locked or looked up. `automatic` has the promotions
        without a code that the orders could have.
        """
        candidates = await _Candidates.find(uow, in_force, buyers, automatic)
        limited = {counter_key(each.slug) for each in candidates.promotions if each.is_limited}
        shared = {counter_key(each.slug) for each in candidates.promotions} - limited
        limited |= {each.key for each in candidates.counters.values() if each.is_single_use}
        if not (limited or shared):
            return await cls._load(uow, in_force, candidates, {})
        locked = await uow.promotion_counters.lock(sorted(limited), sorted(shared))
        return await cls._load(uow, in_force, candidates, locked)

    @classmethod
    async def _load(
        cls,
        uow: UnitOfWork,
        in_force: RulesInForce,
        candidates: "_Candidates",
        counters: Mapping[str, PromotionCounter],
    ) -> Self:
        counters = {**candidates.counters, **counters}
        slugs, customers = candidates.slugs_counted_by_customer(counters), candidates.customers
        asks_for_orders = any(each.conditions.is_for_first_order for each in candidates.promotions)
        keys = sorted(each.key for each in customers)
        uses = await uow.promotion_uses.of_customers(slugs, keys) if slugs and keys else {}
        have_ordered = (
            await _find_with_orders(uow, customers)
            if asks_for_orders
            else frozenset[PromotionCustomer]()
        )
        return cls(
            in_force,
            counters=counters,
            uses=uses,
            have_ordered=have_ordered,
        )

    @property
    def rules_version(self) -> int:
        """The version of the rules by which carts are quoted."""
        return self._in_force.version

    def promotion(self, slug: str) -> Promotion:
        """Return an active promotion."""
        return self._in_force.by_slug[slug]

    def counter(self, key: str) -> PromotionCounter | None:
        """Return the counter of a promotion or of a code, as the orders so far have left it."""
        return self._counters.get(key)

    def held_by(self, promotion: str, customer: PromotionCustomer) -> Sequence[HeldUse]:
        """Return the uses of a customer."""
        return self._uses.get((promotion, customer.key), ())

    def has_ordered(self, customer: PromotionCustomer | None) -> bool:
        """Check whether the customer has an order that was neither declined nor cancelled."""
        return customer in self._have_ordered

    def entered(self, code: str, customer: PromotionCustomer | None) -> EnteredCode:
        """Return a code as it stands now."""
        counter = self._counters.get(code_key(code))
        is_single_use = counter is not None and counter.is_single_use
        if counter is not None and is_single_use:
            promotion: str | None = counter.promotion
        else:
            promotion = self._in_force.codes.get(code)
        return EnteredCode(
            code=code,
            promotion=promotion,
            is_used_up=counter is not None and counter.uses_left == 0,
            held_by=(
                # Another guest with the same address learns nothing of an order.
                None
                if promotion is None or customer is None or customer.user_id is None
                else self._find_pending(promotion, customer, code if is_single_use else None)
            ),
        )

    def so_far(
        self, codes: Iterable[EnteredCode], customer: PromotionCustomer | None
    ) -> Mapping[str, UsesSoFar]:
        """Return how often each limited promotion was used that a cart could have."""
        by_code = [self._in_force.by_slug.get(each.promotion or "") for each in codes]
        return {
            each.slug: self._so_far(each, customer)
            for each in (*self._in_force.automatic, *by_code)
            if each is not None and each.is_limited
        }

    def take(self, use: PromotionUse, *, is_pending: bool) -> None:
        """Count a use of a new order."""
        for key in (counter_key(use.promotion), code_key(use.code or "")):
            counter = self._counters.get(key)
            if counter is not None and counter.uses_left is not None:
                self._counters[key] = replace(counter, uses_left=counter.uses_left - 1)
        self._uses[(use.promotion, use.customer_key)].append(
            HeldUse(order_id=use.order_id, n=use.n, code=use.code, is_pending=is_pending)
        )

    def add_order(self, customer: PromotionCustomer) -> None:
        """Count a new order of a customer."""
        self._have_ordered.add(customer)

    def _so_far(self, promotion: Promotion, customer: PromotionCustomer | None) -> UsesSoFar:
        counter, limit = self._counters.get(counter_key(promotion.slug)), promotion.limit
        left = None if counter is None else counter.uses_left
        by_customer = 0 if customer is None else len(self.held_by(promotion.slug, customer))
        return UsesSoFar(
            by_all=0 if left is None or limit is None else limit - left, by_customer=by_customer
        )

    def _find_pending(
        self, promotion: str, customer: PromotionCustomer, code: str | None
    ) -> UUID | None:
        """Return the customer's pending order with a use, for one order's code with that code."""
        return next(
            (
                each.order_id
                for each in self.held_by(promotion, customer)
                if each.is_pending and code in (None, each.code)
            ),
            None,
        )


@value
class _Candidates:
    """The active promotions that some carts could have, and the counters of unshared codes.

    `asked` counts the customers who have entered a code, by the key of each counter.
    """

    customers: frozenset[PromotionCustomer]
    asked: Mapping[str, int]
    automatic: tuple[Promotion, ...]
    by_code: tuple[Promotion, ...]
    counters: Mapping[str, PromotionCounter]

    @classmethod
    async def find(
        cls,
        uow: UnitOfWork,
        in_force: RulesInForce,
        buyers: Collection[CodesOfBuyer],
        automatic: Sequence[Promotion],
    ) -> Self:
        """Look up the codes that are not in the rules."""
        codes = {code for each in buyers for code in each.codes}
        keys = sorted(code_key(each) for each in codes - in_force.codes.keys())
        counters = await uow.promotion_counters.get_many(keys) if keys else {}
        found = {each.code: each.promotion for each in counters.values()}
        promotions = {each: in_force.codes.get(each) or found.get(each, "") for each in codes}
        slugs = set(promotions.values())
        return cls(
            asked=Counter(
                key
                for buyer in buyers
                for code in buyer.codes
                for key in (code_key(code), counter_key(promotions[code]))
            ),
            customers=frozenset(each.customer for each in buyers if each.customer is not None),
            automatic=tuple(automatic),
            by_code=tuple(
                in_force.by_slug[each] for each in sorted(slugs & in_force.by_slug.keys())
            ),
            counters=counters,
        )

    @property
    def promotions(self) -> Sequence[Promotion]:
        """All of them, each once."""
        return (*self.automatic, *(each for each in self.by_code if each.requires_code))

    def slugs_counted_by_customer(self, counters: Mapping[str, PromotionCounter]) -> Sequence[str]:
        """Return those whose uses by a customer decide, or say which order holds a code.

        The latter matters only for codes that are used up for some of the customers.
        """
        limited = {each.slug for each in self.promotions if each.uses_per_customer is not None}
        used_up = {
            each.promotion
            for key, each in counters.items()
            if each.uses_left is not None and each.uses_left < self.asked.get(key, 0)
        }
        return sorted(limited | used_up)


async def _find_with_orders(
    uow: UnitOfWork, customers: Collection[PromotionCustomer]
) -> frozenset[PromotionCustomer]:
    users = {each.user_id for each in customers if each.user_id is not None}
    emails = {each.email_key for each in customers if each.email_key is not None}
    found_users = await uow.promotion_uses.customers_with_orders(users) if users else ()
    found_emails = await uow.promotion_uses.emails_with_orders(emails) if emails else ()
    return frozenset(
        each for each in customers if each.user_id in found_users or each.email_key in found_emails
    )
