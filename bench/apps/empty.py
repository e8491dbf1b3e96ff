"""An app with empty routes that return an order and a page: the cost of the framework."""

from datetime import UTC, datetime
from uuid import UUID

from fastapi import FastAPI

from shop.domain.orders.order import OrderStatus
from shop.domain.payment import PaymentMethod, PaymentStatus
from shop.entrypoints.cli.server import freeze_startup_objects
from shop.entrypoints.http.api.catalogue.detail_schemas import SeoResponse
from shop.entrypoints.http.api.catalogue.schemas import ProductList, ProductResponse
from shop.entrypoints.http.api.catalogue.variant_schemas import VariantResponse
from shop.entrypoints.http.api.orders.schemas import (
    OrderLineResponse,
    OrderResponse,
    PaymentResponse,
)
from shop.entrypoints.http.api.price_schemas import TotalsResponse
from shop.entrypoints.http.schemas import MoneyResponse


def create_app() -> FastAPI:
    """Return the app."""
    app = FastAPI()
    order, page = _order(), _page()

    @app.get("/healthz")
    async def live() -> None:
        return None

    @app.get("/api/v1/orders/{order_id}")
    async def show_order(order_id: UUID) -> OrderResponse:
        del order_id
        return order

    @app.get("/api/v1/products")
    async def list_products(cursor: str | None = None) -> ProductList:
        del cursor
        return page

    freeze_startup_objects()
    return app


def _order() -> OrderResponse:
    price, nothing = (MoneyResponse(amount=each, currency="EUR") for each in (100, 0))
    line = OrderLineResponse(
        sku="BENCH-0000001",
        name="Product no. 1",
        options={},
        quantity=1,
        unit_price=price,
        amount=price,
        discount=nothing,
        tax=nothing,
        shipped=0,
        refunded=0,
    )
    return OrderResponse(
        id=UUID(int=0),
        number="7Q4M-2XKD-9R0B",
        status=OrderStatus.PAID,
        total=price,
        totals=TotalsResponse(
            subtotal=price,
            discount=nothing,
            shipping=nothing,
            tax=nothing,
            total=price,
            prices_include_tax=True,
        ),
        lines=[line],
        discounts=[],
        taxes=[],
        payment=PaymentResponse(method=PaymentMethod.ACCOUNT, status=PaymentStatus.CAPTURED),
        refunded=nothing,
        placed_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def _page() -> ProductList:
    """Return a page of as many products as the shop's pages have."""
    products = [
        ProductResponse(
            handle=f"BENCH-{number:07}",
            sku=f"BENCH-{number:07}",
            name=f"Product no. {number}",
            description=f"One of a numbered series: this is no. {number}.",
            price=MoneyResponse(amount=100, currency="EUR"),
            available=1_000_000,
            image_url=None,
            active=True,
            archived=None,
            options=[],
            variants=[_variant(f"BENCH-{number:07}")],
            categories=[],
            images=[],
            safety=None,
            seo=SeoResponse(
                title=f"Product no. {number}",
                description=f"One of a numbered series: this is no. {number}.",
            ),
        )
        for number in range(1, 21)
    ]
    return ProductList(items=products, next="next")


def _variant(sku: str) -> VariantResponse:
    return VariantResponse(
        sku=sku,
        price=MoneyResponse(amount=100, currency="EUR"),
        compare_at_price=None,
        options={},
        weight_grams=0,
        tax_category="standard",
        barcode=None,
        ships=True,
        active=True,
        available=1_000_000,
    )
