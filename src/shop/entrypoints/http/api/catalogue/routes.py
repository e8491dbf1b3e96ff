"""Routes of products."""

from typing import Annotated

from fastapi import Path, Query, Response

from shop.application.catalogue.preconditions import PreconditionFailed
from shop.application.catalogue.product_changes import ArchiveProduct
from shop.domain.catalogue.category import CategoryNotFound
from shop.domain.catalogue.product import (
    HANDLE_PATTERN,
    MAX_HANDLE_CHARACTERS,
    ProductNotFound,
    SeveralVariants,
    SkuTaken,
)
from shop.domain.inventory import StockBelowReserved
from shop.domain.user import Role
from shop.entrypoints.http.api.catalogue.product_query import OPTION_PARAMETER, ProductQuery
from shop.entrypoints.http.api.catalogue.schemas import (
    ProductDescription,
    ProductList,
    ProductResponse,
)
from shop.entrypoints.http.api.catalogue.stock_schemas import (
    StockAdjustment,
    StockMovementList,
    StockResponse,
)
from shop.entrypoints.http.api.catalogue.visibility import is_admin
from shop.entrypoints.http.api.pagination import TimeCursorQuery
from shop.entrypoints.http.api.router import api_router, set_created_status
from shop.entrypoints.http.dependencies import (
    AdminUser,
    AuthenticateOnDemand,
    CurrentResponseContext,
    InventoryServiceDependency,
    OptionalKey,
    ProductFinderDependency,
    ProductServiceDependency,
)
from shop.entrypoints.http.errors.http_errors import RequestOutcomeUnknown, ServiceUnavailable
from shop.entrypoints.http.openapi.conditional_requests import (
    HAS_ETAG,
    IF_NONE_MATCH_PARAMETER,
    LIST_HAS_ETAG,
    LIST_NOT_MODIFIED,
    NOT_MODIFIED,
    PRECONDITION_PARAMETERS,
)
from shop.entrypoints.http.openapi.document import (
    ADMIN_ERRORS,
    IDEMPOTENCY_ERRORS,
    OPTIONAL_SESSION,
    error_responses,
    idempotency_key_header,
)
from shop.entrypoints.http.requests.entity_tags import (
    IfNoneMatch,
    ProductPrecondition,
    is_unchanged,
    product_tag,
)
from shop.entrypoints.http.requests.written_response import shared_response

router = api_router("catalogue", prefix="/api/v1/products")

PathHandle = Annotated[
    str,
    Path(
        min_length=1,
        max_length=MAX_HANDLE_CHARACTERS,
        pattern=HANDLE_PATTERN,
        examples=["TEA-EARL-GREY"],
    ),
]


@router.get(
    "",
    response_model=ProductList,
    responses={200: LIST_HAS_ETAG} | LIST_NOT_MODIFIED | error_responses(*ADMIN_ERRORS),
    openapi_extra={
        "parameters": [OPTION_PARAMETER, IF_NONE_MATCH_PARAMETER],
        **OPTIONAL_SESSION,
    },
)
async def list_products(
    query: Annotated[ProductQuery, Query()],
    if_none_match: IfNoneMatch,
    authenticate: AuthenticateOnDemand,
    products: ProductServiceDependency,
    finder: ProductFinderDependency,
) -> Response:
    """Find products for sale, or list all by handle; an admin can list others as well."""
    if query.is_for_staff:
        (await authenticate()).user.require(Role.ADMIN)
    if query.is_plain:
        page = await products.list(query.to_listing())
        return shared_response(page, ProductList.of, if_none_match)
    found = await finder.find(query.to_search())
    return shared_response(found, ProductList.found, if_none_match)


@router.get(
    "/{handle}",
    response_model=ProductResponse,
    responses={200: HAS_ETAG}
    | NOT_MODIFIED
    | error_responses(ProductNotFound, ServiceUnavailable, RequestOutcomeUnknown),
    openapi_extra={"parameters": [IF_NONE_MATCH_PARAMETER], **OPTIONAL_SESSION},
)
async def show_product(
    handle: PathHandle,
    if_none_match: IfNoneMatch,
    authenticate: AuthenticateOnDemand,
    products: ProductServiceDependency,
    response: Response,
) -> ProductResponse | Response:
    """Return a product; one that is off sale or archived only to an admin."""
    shown = await products.show(handle)
    if not shown.product.is_for_sale and not await is_admin(authenticate):
        raise ProductNotFound(sku=handle)
    headers = {"ETag": product_tag(shown)}
    if is_unchanged(if_none_match, shown):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return ProductResponse.of(shown)


@router.put(
    "/{handle}",
    responses={
        200: HAS_ETAG,
        201: {"description": "The product is new.", "model": ProductResponse, **HAS_ETAG},
        **error_responses(*ADMIN_ERRORS, CategoryNotFound, PreconditionFailed, SkuTaken),
    },
    openapi_extra={"parameters": PRECONDITION_PARAMETERS},
)
async def put_product(
    handle: PathHandle,
    body: ProductDescription,
    principal: AdminUser,
    precondition: ProductPrecondition,
    products: ProductServiceDependency,
    response: Response,
) -> ProductResponse:
    """Create or replace a product (admin), with its variants or with the price of its only one.

    Variants that are missing are archived; images and stock stay. Send the `ETag` of the product as
    `If-Match`, so that no change of another admin is lost.
    """
    command = body.to_command(principal.token, handle, precondition)
    saved = await products.put(command)
    set_created_status(response, is_new=saved.is_new)
    response.headers["ETag"] = product_tag(saved.available_product)
    return ProductResponse.of(saved.available_product)


@router.delete(
    "/{handle}",
    status_code=204,
    response_class=Response,
    response_description="The product is archived.",
    responses=error_responses(*ADMIN_ERRORS, ProductNotFound, PreconditionFailed),
    openapi_extra={"parameters": PRECONDITION_PARAMETERS},
)
async def archive_product(
    handle: PathHandle,
    principal: AdminUser,
    precondition: ProductPrecondition,
    products: ProductServiceDependency,
) -> None:
    """Archive a product (admin): it is not for sale, and its orders and stock stay as they are.

    Putting it again brings it back.
    """
    command = ArchiveProduct(session=principal.token, handle=handle, precondition=precondition)
    await products.archive(command)


@router.get(
    "/{handle}/stock/movements",
    responses=error_responses(*ADMIN_ERRORS, ProductNotFound, SeveralVariants),
)
async def list_product_stock_movements(
    handle: PathHandle,
    query: Annotated[TimeCursorQuery, Query()],
    principal: AdminUser,
    inventory: InventoryServiceDependency,
) -> StockMovementList:
    """Return why the stock of a product with one variant changed, newest first (admin)."""
    asked = query.to_page_request()
    page = await inventory.movements_of_product(principal.user, handle, asked)
    return StockMovementList.of(page)


@router.post(
    "/{handle}/stock",
    status_code=201,
    responses=error_responses(
        *ADMIN_ERRORS, *IDEMPOTENCY_ERRORS, ProductNotFound, StockBelowReserved, SeveralVariants
    ),
    openapi_extra=idempotency_key_header("c5e1a7d3-2b94-4f68-8d07-9a3b5c7e1f42", required=False),
)
async def adjust_product_stock(
    handle: PathHandle,
    body: StockAdjustment,
    principal: AdminUser,
    key: OptionalKey,
    inventory: InventoryServiceDependency,
    response_context: CurrentResponseContext,
) -> StockResponse:
    """Adjust the stock of a product with one variant; a negative delta reduces it (admin).

    With an idempotency key, it is adjusted exactly once.
    """
    command = body.to_command(principal.token, key, product=handle)
    adjustment = response_context.unwrap(await inventory.adjust(command))
    return StockResponse.of(adjustment.inventory)
