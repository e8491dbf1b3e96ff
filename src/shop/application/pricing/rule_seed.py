"""Adds rules of prices without a session: for demonstrations."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from shop.application.ports.clock import Clock
from shop.application.ports.postal_rules import PostalRules
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.pricing.pricing_policy import PricingPolicy
from shop.application.pricing.promotion_limits import stage_counters
from shop.application.pricing.rule_checks import (
    checked_rule,
    require_consistent,
    require_few_automatic,
)
from shop.application.transactions.runner import TransactionRunner
from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.rule_document import Rule, RuleDocument


class RuleSeed:
    """Adds the missing ones of some rules, with the checks of staff's own.

    A rule whose slug the shop has stays as it is, also an archived one.
    """

    def __init__(
        self,
        transactions: TransactionRunner,
        clock: Clock,
        policy: PricingPolicy,
        postal_rules: PostalRules,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._policy = policy
        self._postal_rules = postal_rules

    async def add_missing(self, rules: Sequence[Rule]) -> int:
        """Add rules one after the other; return how many were missing.

        A rule may name those before it. Raise `InvalidValue` for the first one that is not valid
        in this shop, or `SellerCountryUnknown`.
        """
        checked = [checked_rule(rule, self._policy, self._postal_rules) for rule in rules]
        added = [
            await self._transactions.write(partial(self._add, rule), retryable=True)
            for rule in checked
        ]
        return sum(added)

    async def _add(self, rule: Rule, uow: UnitOfWork) -> bool:
        version, now = await uow.rule_documents.lock(), self._clock.now()
        document = RuleDocument(rule=rule, version=version, created_at=now, updated_at=now)
        if await uow.rule_documents.find(document.kind, [document.slug]):
            return False
        await require_consistent(uow, document)
        if isinstance(rule, Promotion):
            promotion = await stage_counters(uow, rule, None, version=version, at=now)
            await require_few_automatic(uow, promotion, now)
            document = replace(document, rule=promotion)
        uow.rule_documents.put(document)
        await uow.commit()
        return True
