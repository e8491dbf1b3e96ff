"""Rules of prices for the shops of the benchmark."""

import asyncio
from collections.abc import Iterable

from pydantic import Secret

from bench.fixtures import EUR, SECRET
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.pricing.promotion_limits import stage_counters
from shop.domain.pricing.goods import Selection
from shop.domain.pricing.places import Area
from shop.domain.pricing.promotions.effect import Effect, Target
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Conditions, Promotion
from shop.domain.pricing.rule_document import Rule, RuleDocument
from shop.domain.pricing.shipping.by_amount import AmountStep, ByAmount
from shop.domain.pricing.shipping.shared_tax import SharedTax
from shop.domain.pricing.shipping.shipping_method import ShippingMethod
from shop.domain.pricing.shipping.shipping_zone import ShippingZone
from shop.domain.pricing.taxes.tax_rate import TaxRate
from shop.domain.shared.money import Money
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container

COUNTRY = {"SHOP_COUNTRY": "DE"}
"""The setting without which there are no tax rates."""

_GERMANY = Area(countries=frozenset({"DE"}))


def _eur(amount: int) -> Money:
    return Money(amount=amount, currency=EUR)


def _promotion(slug: str, effect: Effect, code: str | None, limit: int | None) -> Promotion:
    return Promotion(
        slug=slug,
        name=slug.title(),
        requires_code=code is not None,
        active=True,
        starts_at=None,
        ends_at=None,
        conditions=Conditions(),
        effect=effect,
        target=Target.ORDER,
        selection=Selection(),
        combinable=True,
        limit=limit,
        limit_per_customer=None,
        code=code,
    )


def _rate(category: str, rate: int) -> TaxRate:
    return TaxRate(
        slug=f"de-{category}",
        name=f"VAT {category}",
        category=category,
        area=_GERMANY,
        rate=rate,
        valid_from=None,
        valid_until=None,
        reason=None,
    )


HOT_CODE_RULES: Iterable[Rule] = (
    _promotion("hot", Percentage(percentage=10_000), code="HOT", limit=10**9),
)
"""One code with a limit that all orders have."""

ALL_RULES: Iterable[Rule] = (
    *HOT_CODE_RULES,
    _promotion("always", Percentage(percentage=5_000), code=None, limit=None),
    _rate("standard", 19_000),
    _rate("reduced", 7_000),
    ShippingZone(slug="de", name="Germany", area=_GERMANY),
    ShippingMethod(
        code="parcel",
        name="Parcel",
        zone="de",
        prices=ByAmount(steps=(AmountStep(from_amount=_eur(0), price=_eur(490)),)),
        free_from=None,
        is_pick_up=False,
        tax=SharedTax(),
        active=True,
    ),
)
"""Two rates, a way to ship, and two promotions, one of which needs the code."""


def save_rules(database_url: str, rules: Iterable[Rule]) -> None:
    """Save rules in a shop that has none."""
    asyncio.run(_save_rules(database_url, rules))


async def _save_rules(database_url: str, rules: Iterable[Rule]) -> None:
    container = Container(
        settings=Settings(  # type: ignore[call-arg]  # pydantic adds `_env_file`.
            database_url=database_url, session_secrets=(Secret(SECRET),), _env_file=None
        )
    )
    now = container.clock().now()

    async def save(uow: UnitOfWork) -> None:
        version = await uow.rule_documents.lock()
        documents = [
            RuleDocument(rule=each, version=version, created_at=now, updated_at=now)
            for each in rules
        ]
        for document in documents:
            await uow.rule_documents.find(document.kind, [document.slug])
            if isinstance(document.rule, Promotion):
                await stage_counters(uow, document.rule, None, version=version, at=now)
        for document in documents:
            uow.rule_documents.put(document)
        await uow.commit()

    try:
        await container.transaction_runner().write(save, retryable=False)
        await container.database().analyse()
    finally:
        await container.database().close()
