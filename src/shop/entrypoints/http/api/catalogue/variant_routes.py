"""Routes of variants and their stock."""

from typing import Annotated

from fastapi import Path, Query

from shop.domain.catalogue.product import ProductNotFound
from shop.domain.inventory import StockBelowReserved
from shop.domain.shared.line_quantity import MAX_SKU_CHARACTERS, SKU_PATTERN
from shop.entrypoints.http.api.catalogue.schemas import ShownVariantResponse
from shop.entrypoints.http.api.catalogue.stock_schemas import (
    StockAdjustment,
    StockMovementList,
    StockResponse,
)
from shop.entrypoints.http.api.catalogue.visibility import is_admin
from shop.entrypoints.http.api.pagination import TimeCursorQuery
from shop.entrypoints.http.api.router import api_router
from shop.entrypoints.http.dependencies import (
    AdminUser,
    AuthenticateOnDemand,
    CurrentResponseContext,
    InventoryServiceDependency,
    OptionalKey,
    VariantServiceDependency,
)
from shop.entrypoints.http.errors.http_errors import RequestOutcomeUnknown, ServiceUnavailable
from shop.entrypoints.http.openapi.document import (
    ADMIN_ERRORS,
    IDEMPOTENCY_ERRORS,
    OPTIONAL_SESSION,
    error_responses,
    idempotency_key_header,
)

router = api_router("catalogue", prefix="/api/v1/variants")

PathSku = Annotated[
    str,
    Path(
        min_length=1,
        max_length=MAX_SKU_CHARACTERS,
        pattern=SKU_PATTERN,
        examples=["TEA-EARL-GREY"],
    ),
]


@router.get(
    "/{sku}",
    responses=error_responses(ProductNotFound, ServiceUnavailable, RequestOutcomeUnknown),
    openapi_extra=OPTIONAL_SESSION,
)
async def show_variant(
    sku: PathSku, authenticate: AuthenticateOnDemand, variants: VariantServiceDependency
) -> ShownVariantResponse:
    """Return a variant with its product's handle and name; one off sale only to an admin."""
    shown = await variants.show(sku)
    if not shown.product.is_for_sale and not await is_admin(authenticate):
        raise ProductNotFound(sku=sku)
    return ShownVariantResponse.shown(shown)


@router.get(
    "/{sku}/stock/movements",
    responses=error_responses(*ADMIN_ERRORS, ProductNotFound),
)
async def list_stock_movements(
    sku: PathSku,
    query: Annotated[TimeCursorQuery, Query()],
    principal: AdminUser,
    inventory: InventoryServiceDependency,
) -> StockMovementList:
    """Return why the stock of a variant changed, newest first (admin)."""
    page = await inventory.movements(principal.user, sku, query.to_page_request())
    return StockMovementList.of(page)


@router.post(
    "/{sku}/stock",
    status_code=201,
    responses=error_responses(
        *ADMIN_ERRORS, *IDEMPOTENCY_ERRORS, ProductNotFound, StockBelowReserved
    ),
    openapi_extra=idempotency_key_header("7b1d5f83-6a2c-4e90-b8d4-1c3e5a7f9b20", required=False),
)
async def adjust_stock(
    sku: PathSku,
    body: StockAdjustment,
    principal: AdminUser,
    key: OptionalKey,
    inventory: InventoryServiceDependency,
    response_context: CurrentResponseContext,
) -> StockResponse:
    """Adjust the stock of a variant; a negative delta reduces it (admin).

    With an idempotency key, it is adjusted exactly once.
    """
    command = body.to_command(principal.token, key, sku=sku)
    adjustment = response_context.unwrap(await inventory.adjust(command))
    return StockResponse.of(adjustment.inventory)
