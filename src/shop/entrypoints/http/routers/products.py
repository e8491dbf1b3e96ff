"""Products, and how many of them there are."""

from typing import Annotated

from fastapi import Path, Query, Response

from shop.application.catalogue import PutProduct
from shop.application.inventory import AdjustStock
from shop.domain.catalogue import MAX_SKU_CHARACTERS, SKU_PATTERN, ProductNotFound
from shop.domain.inventory import StockBelowReserved
from shop.entrypoints.http.dependencies import Admin, TheCatalogue, TheStock
from shop.entrypoints.http.openapi import TO_ADMINS, refuses
from shop.entrypoints.http.refusals import Unavailable
from shop.entrypoints.http.routers.topic import tell_creation, topic
from shop.entrypoints.http.schemas.pages import ProductPage
from shop.entrypoints.http.schemas.products import (
    ProductAnswer,
    ProductDescription,
    ProductList,
    StockAdjustment,
    StockAnswer,
)

router = topic("catalogue", prefix="/api/v1/products")

PathSku = Annotated[
    str,
    Path(
        min_length=1,
        max_length=MAX_SKU_CHARACTERS,
        pattern=SKU_PATTERN,
        examples=["TEA-EARL-GREY"],
    ),
]


@router.get("", responses=refuses(Unavailable))
async def list_products(
    query: Annotated[ProductPage, Query()], catalogue: TheCatalogue
) -> ProductList:
    """List what is for sale, in the order of SKUs."""
    return ProductList.of(await catalogue.search(query.q, query.page()))


@router.get("/{sku}", responses=refuses(ProductNotFound, Unavailable))
async def show_product(sku: PathSku, catalogue: TheCatalogue) -> ProductAnswer:
    """Return a product, also one that is not for sale any more."""
    return ProductAnswer.of(await catalogue.show(sku))


@router.put(
    "/{sku}",
    responses={
        201: {"description": "The product is new.", "model": ProductAnswer},
        **refuses(*TO_ADMINS),
    },
)
async def put_product(
    sku: PathSku,
    body: ProductDescription,
    visitor: Admin,
    catalogue: TheCatalogue,
    response: Response,
) -> ProductAnswer:
    """Describe a product, new or not (admin)."""
    command = PutProduct(
        session=visitor.token,
        sku=sku,
        name=body.name,
        description=body.description,
        price=body.price.to_money(),
        active=body.active,
        image_url=body.image_url,
    )
    done = await catalogue.put(command)
    tell_creation(response, is_new=done.is_new)
    return ProductAnswer.of(done.offer)


@router.post(
    "/{sku}/stock",
    status_code=201,
    responses=refuses(*TO_ADMINS, ProductNotFound, StockBelowReserved),
)
async def adjust_stock(
    sku: PathSku, body: StockAdjustment, visitor: Admin, stock: TheStock
) -> StockAnswer:
    """Count goods in, or out where the delta is negative (admin)."""
    command = AdjustStock(session=visitor.token, sku=sku, delta=body.delta, reason=body.reason)
    return StockAnswer.of(await stock.adjust(command))
