"""Keeps the rules of prices of a process, by their version."""

from collections.abc import Iterable

from shop.application.ports.repositories.pricing.rule_documents import NO_VERSION
from shop.application.ports.unit_of_work import TransientFailure, UnitOfWork
from shop.application.pricing.pricing_policy import PricingPolicy
from shop.application.pricing.rules_in_force import RulesInForce
from shop.domain.pricing.places import Destination
from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.rule_document import Rule, SellerCountryUnknown, slug_of
from shop.domain.pricing.rules import PricingRules
from shop.domain.pricing.shipping.shipping_method import ShippingMethod
from shop.domain.pricing.shipping.shipping_zone import ShippingZone
from shop.domain.pricing.taxes.tax_rate import TaxRate
from shop.domain.pricing.taxes.tax_table import TaxTable

KEPT_VERSIONS = 4
"""Units of work that began before a change still ask for the rules of before."""

_NOWHERE = Destination(country="ZZ")
"""The seller's place in a shop without tax rates, which no rule asks for."""


class RuleBook:
    """The rules of the shop, read from the database when they have changed.

    A unit of work gets the rules of its own snapshot: each change that was committed before it
    counts, in every process.
    """

    def __init__(self, policy: PricingPolicy) -> None:
        self._policy = policy
        self._kept: dict[int, RulesInForce] = {}

    @property
    def known_version(self) -> int:
        """The newest version that is kept, for reading ahead."""
        return max(self._kept, default=NO_VERSION)

    @property
    def known_rules(self) -> RulesInForce | None:
        """The rules of the newest version that is kept, which may be out of date."""
        return self._kept.get(self.known_version)

    async def rules(self, uow: UnitOfWork) -> RulesInForce:
        """Return the rules that the unit of work sees.

        Raise `SellerCountryUnknown` if there are tax rates and the operator has not said where the
        seller is.
        """
        current = await uow.rule_documents.current(self.known_version)
        kept = self._kept.get(current.version)
        if kept is not None:
            return kept
        if current.rules is None:
            raise TransientFailure("the rules were changed several times while they were read")
        rules = RulesInForce.of(self._assemble(current.rules), current.version)
        self._kept[current.version] = rules
        for outdated in sorted(self._kept)[:-KEPT_VERSIONS]:
            del self._kept[outdated]
        return rules

    def _assemble(self, rules: Iterable[Rule]) -> PricingRules:
        # Storages return them in any order.
        rules = sorted(rules, key=slug_of)
        rates = [each for each in rules if isinstance(each, TaxRate)]
        promotions = [each for each in rules if isinstance(each, Promotion)]
        policy = self._policy
        if rates and policy.home is None:
            raise SellerCountryUnknown
        return PricingRules(
            currency=policy.currency,
            home=policy.home or _NOWHERE,
            prices_include_tax=policy.prices_include_tax,
            tax_rounding=policy.tax_rounding,
            tax_table=TaxTable.of(rates),
            shipping_zones=tuple(each for each in rules if isinstance(each, ShippingZone)),
            shipping_methods=tuple(each for each in rules if isinstance(each, ShippingMethod)),
            promotions=tuple(promotions),
        )
