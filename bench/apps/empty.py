"""An app with an empty route that returns an order: the cost of the framework."""

from datetime import UTC, datetime
from uuid import UUID

from fastapi import FastAPI

from shop.domain.orders.order import OrderStatus
from shop.domain.payment import PaymentMethod, PaymentStatus
from shop.entrypoints.cli.server import freeze_startup_objects
from shop.entrypoints.http.api.orders.schemas import (
    OrderLineResponse,
    OrderResponse,
    PaymentResponse,
)
from shop.entrypoints.http.schemas import MoneyResponse


def create_app() -> FastAPI:
    """Return the app."""
    app = FastAPI()
    response = _response()

    @app.get("/healthz")
    async def live() -> None:
        return None

    @app.get("/api/v1/orders/{order_id}")
    async def show_order(order_id: UUID) -> OrderResponse:
        del order_id
        return response

    freeze_startup_objects()
    return app


def _response() -> OrderResponse:
    price = MoneyResponse(amount=100, currency="EUR")
    line = OrderLineResponse(
        sku="BENCH-0000001",
        name="Product no. 1",
        quantity=1,
        unit_price=price,
        amount=price,
        shipped=0,
        refunded=0,
    )
    return OrderResponse(
        id=UUID(int=0),
        number="7Q4M-2XKD-9R0B",
        status=OrderStatus.PAID,
        total=price,
        lines=[line],
        payment=PaymentResponse(method=PaymentMethod.ACCOUNT, status=PaymentStatus.CAPTURED),
        refunded=MoneyResponse(amount=0, currency="EUR"),
        placed_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
