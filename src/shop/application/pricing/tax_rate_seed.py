"""Loads published tax rates, and again when they have changed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from shop.application.ports.clock import Clock
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.pricing.pricing_policy import PricingPolicy
from shop.application.pricing.rule_checks import find_overlap
from shop.application.transactions.runner import TransactionRunner
from shop.domain.pricing.rule_document import RuleDocument, RuleKind, SellerCountryUnknown
from shop.domain.pricing.taxes.tax_rate import TaxRate
from shop.domain.shared.value import value

_DATE = re.compile(r"-\d{4}-\d{2}-\d{2}")


@value
class PublishedRates:
    """Rates without an end, as they were published at a time."""

    rates: Sequence[TaxRate]
    at: datetime


@value
class RateInTheWay:
    """A rate that was to be loaded, and another one of the shop that it overlaps with."""

    slug: str
    other: str


@value
class SeedResult:
    """How many rates were added, changed and left alone; nothing if some are in the way."""

    added: int
    changed: int
    unchanged: int
    in_the_way: Sequence[RateInTheWay] = ()


class TaxRateSeed:
    """Loads published rates into the shop's own table, which is all that orders read.

    A rate that was loaded before and is now another one ends at the time of publication, and a new
    one begins, whose slug has the date. Rates that the operator has ended stay as they are.
    """

    def __init__(
        self, transactions: TransactionRunner, clock: Clock, policy: PricingPolicy
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._policy = policy

    async def load(self, published: PublishedRates) -> SeedResult:
        """Load rates, all or none; raise `SellerCountryUnknown` like `RuleService.put`."""
        if self._policy.home is None:
            raise SellerCountryUnknown
        return await self._transactions.write(partial(self._load, published), retryable=True)

    async def _load(self, published: PublishedRates, uow: UnitOfWork) -> SeedResult:
        version, now = await uow.rule_documents.lock(), self._clock.now()
        stored = {each.slug: each for each in await uow.rule_documents.of_kind(RuleKind.TAX_RATE)}
        rates = {slug: each.rule for slug, each in stored.items() if isinstance(each.rule, TaxRate)}
        saved: dict[str, TaxRate] = {}
        for rate in published.rates:
            saved |= _steps(rate, _versions_of(rate.slug, rates), published.at)
        in_the_way = _overlaps(saved, {**rates, **saved})
        if in_the_way:
            return SeedResult(added=0, changed=0, unchanged=0, in_the_way=in_the_way)
        await uow.rule_documents.find(RuleKind.TAX_RATE, list(saved))
        for slug, rate in saved.items():
            before = stored.get(slug)
            uow.rule_documents.put(
                RuleDocument(
                    rule=rate,
                    version=version,
                    created_at=now if before is None else before.created_at,
                    updated_at=now,
                )
            )
        if saved:
            await uow.commit()
        changed = len(saved.keys() & stored.keys())
        added = len(saved) - 2 * changed
        unchanged = len(published.rates) - added - changed
        return SeedResult(added=added, changed=changed, unchanged=unchanged)


def _versions_of(slug: str, rates: Mapping[str, TaxRate]) -> Sequence[TaxRate]:
    """Return what was loaded under a slug, with or without a date."""
    return [
        rate
        for each, rate in rates.items()
        if each == slug or (each.startswith(slug) and _DATE.fullmatch(each, len(slug)))
    ]


def _steps(rate: TaxRate, versions: Sequence[TaxRate], at: datetime) -> Mapping[str, TaxRate]:
    """Return the rates to save, by slug, so that this one applies from the time on."""
    if not versions:
        return {rate.slug: rate}
    current = next((each for each in versions if each.valid_until is None), None)
    if current is None or current.rate == rate.rate:
        return {}
    if current.valid_from is not None and current.valid_from >= at:
        return {}
    begun = replace(rate, slug=f"{rate.slug}-{at:%Y-%m-%d}", valid_from=at)
    return {current.slug: replace(current, valid_until=at), begun.slug: begun}


def _overlaps(saved: Mapping[str, TaxRate], rates: Mapping[str, TaxRate]) -> Sequence[RateInTheWay]:
    return [
        RateInTheWay(slug=slug, other=other.slug)
        for slug, rate in saved.items()
        for other in (_overlapping(rate, rates.values()),)
        if other is not None
    ]


def _overlapping(rate: TaxRate, rates: Iterable[TaxRate]) -> TaxRate | None:
    return find_overlap(rate, [each for each in rates if each.slug != rate.slug])
