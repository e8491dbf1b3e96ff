"""Routes of products and their stock."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Path, Query, Response

from shop.application.catalogue.preconditions import PreconditionFailed
from shop.application.catalogue.products import PutProduct
from shop.application.inventory.adjustments import AdjustStock
from shop.domain.inventory import StockBelowReserved
from shop.domain.product import ProductNotFound
from shop.domain.session import NotSignedIn, SessionExpired
from shop.domain.shared.line_quantity import MAX_SKU_CHARACTERS, SKU_PATTERN
from shop.domain.user import Role
from shop.entrypoints.http.api.catalogue.product_query import OPTION_PARAMETER, ProductQuery
from shop.entrypoints.http.api.catalogue.schemas import (
    ProductDescription,
    ProductList,
    ProductResponse,
    StockAdjustment,
    StockResponse,
)
from shop.entrypoints.http.api.router import api_router, set_created_status
from shop.entrypoints.http.dependencies import (
    AdminUser,
    AuthenticateOnDemand,
    CurrentResponseContext,
    InventoryServiceDependency,
    OptionalKey,
    Principal,
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
    """Find products for sale, or list all of them by SKU; an admin can list those off sale."""
    if query.active is not None:
        (await authenticate()).user.require(Role.ADMIN)
    if query.is_plain:
        page = await products.search(query.to_listing())
        return shared_response(page, ProductList.of, if_none_match)
    found = await finder.find(query.to_search())
    return shared_response(found, ProductList.found, if_none_match)


@router.get(
    "/{sku}",
    response_model=ProductResponse,
    responses={200: HAS_ETAG}
    | NOT_MODIFIED
    | error_responses(ProductNotFound, ServiceUnavailable, RequestOutcomeUnknown),
    openapi_extra={"parameters": [IF_NONE_MATCH_PARAMETER], **OPTIONAL_SESSION},
)
async def show_product(
    sku: PathSku,
    if_none_match: IfNoneMatch,
    authenticate: AuthenticateOnDemand,
    products: ProductServiceDependency,
    response: Response,
) -> ProductResponse | Response:
    """Return a product; one that is off sale only to an admin."""
    shown = await products.show(sku)
    if not shown.product.active and not await _is_admin(authenticate):
        raise ProductNotFound(sku=sku)
    headers = {"ETag": product_tag(shown)}
    if is_unchanged(if_none_match, shown):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return ProductResponse.of(shown)


async def _is_admin(authenticate: Callable[[], Awaitable[Principal]]) -> bool:
    # Most visitors may see nothing more, so for them a session that has expired is no error.
    try:
        return Role.ADMIN in (await authenticate()).user.roles
    except (NotSignedIn, SessionExpired):
        return False


@router.put(
    "/{sku}",
    responses={
        200: HAS_ETAG,
        201: {"description": "The product is new.", "model": ProductResponse, **HAS_ETAG},
        **error_responses(*ADMIN_ERRORS, PreconditionFailed),
    },
    openapi_extra={"parameters": PRECONDITION_PARAMETERS},
)
async def put_product(
    sku: PathSku,
    body: ProductDescription,
    principal: AdminUser,
    precondition: ProductPrecondition,
    products: ProductServiceDependency,
    response: Response,
) -> ProductResponse:
    """Create or replace a product (admin).

    Send the `ETag` of the product as `If-Match`, so that no change of another admin is lost.
    """
    command = PutProduct(
        session=principal.token,
        sku=sku,
        name=body.name,
        description=body.description,
        price=body.price.to_money(),
        active=body.active,
        image_url=body.image_url,
        keeps_image="image_url" not in body.model_fields_set,
        precondition=precondition,
    )
    saved = await products.put(command)
    set_created_status(response, is_new=saved.is_new)
    response.headers["ETag"] = product_tag(saved.available_product)
    return ProductResponse.of(saved.available_product)


@router.post(
    "/{sku}/stock",
    status_code=201,
    responses=error_responses(
        *ADMIN_ERRORS, *IDEMPOTENCY_ERRORS, ProductNotFound, StockBelowReserved
    ),
    openapi_extra=idempotency_key_header("c5e1a7d3-2b94-4f68-8d07-9a3b5c7e1f42", required=False),
)
async def adjust_stock(
    sku: PathSku,
    body: StockAdjustment,
    principal: AdminUser,
    key: OptionalKey,
    inventory: InventoryServiceDependency,
    response_context: CurrentResponseContext,
) -> StockResponse:
    """Adjust the stock of a product; a negative delta reduces it (admin).

    With an idempotency key, it is adjusted exactly once.
    """
    command = AdjustStock(
        session=principal.token, sku=sku, delta=body.delta, reason=body.reason, key=key
    )
    adjustment = response_context.unwrap(await inventory.adjust(command))
    return StockResponse.of(adjustment.inventory)
