"""Pricing: the rules of prices."""

from dependency_injector import providers

from shop.application.pricing.promotion_codes import PromotionCodes
from shop.application.pricing.rule_book import RuleBook
from shop.application.pricing.rule_documents import RuleService
from shop.application.pricing.rule_seed import RuleSeed
from shop.application.pricing.tax_rate_seed import TaxRateSeed
from shop.entrypoints.container.identity import IdentityContainer as Base


class PricingContainer(Base):
    """The use cases around rules of prices."""

    rule_book = providers.Singleton(RuleBook, Base.policies.provided.pricing)
    rule_service = providers.Singleton(
        RuleService,
        Base.transaction_runner,
        Base.session_authenticator,
        Base.clock,
        Base.policies.provided.pricing,
        Base.postal_rules,
    )
    tax_rate_seed = providers.Singleton(
        TaxRateSeed, Base.transaction_runner, Base.clock, Base.policies.provided.pricing
    )
    rule_seed = providers.Singleton(
        RuleSeed,
        Base.transaction_runner,
        Base.clock,
        Base.policies.provided.pricing,
        Base.postal_rules,
    )
    promotion_codes = providers.Singleton(
        PromotionCodes,
        Base.transaction_runner,
        Base.session_authenticator,
        Base.clock,
        Base.id_generator,
    )
