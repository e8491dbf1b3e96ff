"""Routes of tax rates, shipping zones, shipping methods, and promotions with their codes."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import Field

from shop.application.ports.paging import PageRequest
from shop.application.pricing.promotion_codes import MakeCodes
from shop.domain.pricing.rule_document import (
    MAX_RULE_SLUG_CHARACTERS,
    RULE_SLUG_PATTERN,
    PromotionNotFound,
    RuleKind,
    SellerCountryUnknown,
    ZoneInUse,
)
from shop.entrypoints.http.api.pagination import CursorParameter, Limit
from shop.entrypoints.http.api.rules.dependencies import PromotionCodesDependency
from shop.entrypoints.http.api.rules.promotion_schemas import (
    MadeCodesResponse,
    NewCodes,
    PromotionDescription,
    PromotionResponse,
    SingleUseCodeList,
)
from shop.entrypoints.http.api.rules.rule_routes import RuleRoutes, rule_routes
from shop.entrypoints.http.api.rules.shipping_schemas import (
    ShippingMethodDescription,
    ShippingMethodResponse,
    ShippingZoneDescription,
    ShippingZoneResponse,
)
from shop.entrypoints.http.api.rules.tax_rate_schemas import TaxRateDescription, TaxRateResponse
from shop.entrypoints.http.dependencies import AdminUser, Idempotent
from shop.entrypoints.http.openapi.document import (
    ADMIN_ERRORS,
    IDEMPOTENCY_ERRORS,
    error_responses,
    idempotency_key_header,
)
from shop.entrypoints.http.requests.cursors import decode_slug_cursor
from shop.entrypoints.http.schemas import NextCursor, QueryParameters, ResponseBody

PathSlug = Annotated[
    str,
    Path(
        min_length=1,
        max_length=MAX_RULE_SLUG_CHARACTERS,
        pattern=RULE_SLUG_PATTERN,
        examples=["welcome"],
    ),
]


class TaxRateList(ResponseBody):
    """A page of tax rates by slug."""

    items: list[TaxRateResponse]
    next: NextCursor


class ShippingZoneList(ResponseBody):
    """A page of shipping zones by slug."""

    items: list[ShippingZoneResponse]
    next: NextCursor


class ShippingMethodList(ResponseBody):
    """A page of shipping methods by code."""

    items: list[ShippingMethodResponse]
    next: NextCursor


class PromotionList(ResponseBody):
    """A page of promotions by slug."""

    items: list[PromotionResponse]
    next: NextCursor


class CodeQuery(QueryParameters):
    """A page of codes, in alphabetical order."""

    limit: Limit = 20
    cursor: Annotated[CursorParameter, Field(examples=["U1BSSU5H"])] = None

    def to_page_request(self) -> PageRequest[str]:
        """Return the requested page; raise `InvalidRequest` for an invalid cursor."""
        return PageRequest(limit=self.limit, after=decode_slug_cursor(self.cursor))


tax_rates = rule_routes(
    RuleRoutes(
        kind=RuleKind.TAX_RATE,
        path="tax-rates",
        singular="tax rate",
        plural="tax rates",
        example="de-reduced",
        description=TaxRateDescription,
        response=TaxRateResponse,
        list_response=TaxRateList,
        put_errors=(SellerCountryUnknown,),
    )
)
shipping_zones = rule_routes(
    RuleRoutes(
        kind=RuleKind.SHIPPING_ZONE,
        path="shipping-zones",
        singular="shipping zone",
        plural="shipping zones",
        example="germany",
        description=ShippingZoneDescription,
        response=ShippingZoneResponse,
        list_response=ShippingZoneList,
        delete_errors=(ZoneInUse,),
    )
)
shipping_methods = rule_routes(
    RuleRoutes(
        kind=RuleKind.SHIPPING_METHOD,
        path="shipping-methods",
        singular="shipping method",
        plural="shipping methods",
        example="parcel",
        description=ShippingMethodDescription,
        response=ShippingMethodResponse,
        list_response=ShippingMethodList,
    )
)
promotions = rule_routes(
    RuleRoutes(
        kind=RuleKind.PROMOTION,
        path="promotions",
        singular="promotion",
        plural="promotions",
        example="welcome",
        description=PromotionDescription,
        response=PromotionResponse,
        list_response=PromotionList,
    )
)


@promotions.post(
    "/{slug}/codes",
    status_code=201,
    responses=error_responses(*ADMIN_ERRORS, *IDEMPOTENCY_ERRORS, PromotionNotFound),
    openapi_extra=idempotency_key_header("5e2f8c1d-7b3a-4d96-a0e4-1c9b8d7f6a53"),
)
async def make_codes(
    slug: PathSlug,
    body: NewCodes,
    principal: AdminUser,
    keyed_request: Idempotent,
    codes: PromotionCodesDependency,
) -> MadeCodesResponse:
    """Make codes of a promotion, each for one order, exactly once per key (admin).

    From then on the promotion applies only with a code.
    """
    command = MakeCodes(
        session=principal.token,
        promotion=slug,
        count=body.count,
        prefix=body.prefix,
        key=keyed_request.key,
    )
    made = keyed_request.response_context.unwrap(await codes.make(command))
    principal.response_context.log_security_event("codes_made", slug=slug, count=len(made.codes))
    return MadeCodesResponse.of(made)


@promotions.get("/{slug}/codes", responses=error_responses(*ADMIN_ERRORS, PromotionNotFound))
async def list_codes(
    slug: PathSlug,
    principal: AdminUser,
    query: Annotated[CodeQuery, Query()],
    codes: PromotionCodesDependency,
) -> SingleUseCodeList:
    """List the codes of a promotion that are for one order each, and their orders (admin)."""
    page = await codes.list(principal.user, slug, query.to_page_request())
    return SingleUseCodeList.of(page)
