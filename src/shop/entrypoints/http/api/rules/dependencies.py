"""What the routes of rules take from the container."""

from typing import Annotated

from shop.application.pricing.promotion_codes import PromotionCodes
from shop.application.pricing.rule_documents import RuleService
from shop.entrypoints.http.dependencies import from_container

RuleServiceDependency = Annotated[
    RuleService, from_container(lambda container: container.rule_service())
]
PromotionCodesDependency = Annotated[
    PromotionCodes, from_container(lambda container: container.promotion_codes())
]
