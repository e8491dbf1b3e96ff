"""Routes of products and their stock."""

from typing import Annotated

from fastapi import Path, Query, Response

from shop.application.catalogue.products import PutProduct
from shop.application.inventory.adjustments import AdjustStock
from shop.domain.inventory import StockBelowReserved
from shop.domain.product import ProductNotFound
from shop.domain.shared.line_quantity import MAX_SKU_CHARACTERS, SKU_PATTERN
from shop.entrypoints.http.api.catalogue.schemas import (
    ProductDescription,
    ProductList,
    ProductResponse,
    StockAdjustment,
    StockResponse,
)
from shop.entrypoints.http.api.pagination import ProductQuery
from shop.entrypoints.http.api.router import api_router, set_created_status
from shop.entrypoints.http.dependencies import (
    AdminUser,
    InventoryServiceDependency,
    ProductServiceDependency,
)
from shop.entrypoints.http.errors.http_errors import ServiceUnavailable
from shop.entrypoints.http.openapi.document import ADMIN_ERRORS, error_responses

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


@router.get("", responses=error_responses(ServiceUnavailable))
async def list_products(
    query: Annotated[ProductQuery, Query()], products: ProductServiceDependency
) -> ProductList:
    """List the products for sale, ordered by SKU."""
    return ProductList.of(await products.search(query.q, query.to_page_request()))


@router.get("/{sku}", responses=error_responses(ProductNotFound, ServiceUnavailable))
async def show_product(sku: PathSku, products: ProductServiceDependency) -> ProductResponse:
    """Return a product, even if it is no longer for sale."""
    return ProductResponse.of(await products.show(sku))


@router.put(
    "/{sku}",
    responses={
        201: {"description": "The product is new.", "model": ProductResponse},
        **error_responses(*ADMIN_ERRORS),
    },
)
async def put_product(
    sku: PathSku,
    body: ProductDescription,
    principal: AdminUser,
    products: ProductServiceDependency,
    response: Response,
) -> ProductResponse:
    """Create or replace a product (admin)."""
    command = PutProduct(
        session=principal.token,
        sku=sku,
        name=body.name,
        description=body.description,
        price=body.price.to_money(),
        active=body.active,
        image_url=body.image_url,
    )
    saved = await products.put(command)
    set_created_status(response, is_new=saved.is_new)
    return ProductResponse.of(saved.available_product)


@router.post(
    "/{sku}/stock",
    status_code=201,
    responses=error_responses(*ADMIN_ERRORS, ProductNotFound, StockBelowReserved),
)
async def adjust_stock(
    sku: PathSku, body: StockAdjustment, principal: AdminUser, inventory: InventoryServiceDependency
) -> StockResponse:
    """Adjust the stock of a product; a negative delta reduces it (admin)."""
    command = AdjustStock(session=principal.token, sku=sku, delta=body.delta, reason=body.reason)
    return StockResponse.of(await inventory.adjust(command))
