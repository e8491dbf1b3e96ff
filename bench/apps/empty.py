"""An app that does nothing but answer, with the model of an order: what the framework takes."""

from datetime import UTC, datetime
from uuid import UUID

from fastapi import FastAPI

from shop.domain.order import OrderStatus
from shop.domain.payment import PaymentMethod, PaymentStatus
from shop.entrypoints.cli.server import spare_what_stays
from shop.entrypoints.http.schemas.base import MoneyAnswer
from shop.entrypoints.http.schemas.orders import OrderAnswer, OrderLineAnswer, PaymentAnswer


def create_app() -> FastAPI:
    """Return the app."""
    app = FastAPI()
    answer = _answer()

    @app.get("/healthz")
    async def live() -> None:
        return None

    @app.get("/api/v1/orders/{order_id}")
    async def show_order(order_id: UUID) -> OrderAnswer:
        del order_id
        return answer

    spare_what_stays()
    return app


def _answer() -> OrderAnswer:
    price = MoneyAnswer(amount=100, currency="EUR")
    line = OrderLineAnswer(
        sku="BENCH-0000001", name="Product no. 1", quantity=1, unit_price=price, amount=price
    )
    return OrderAnswer(
        id=UUID(int=0),
        number="7Q4M-2XKD-9R0B",
        status=OrderStatus.PAID,
        total=price,
        lines=[line],
        payment=PaymentAnswer(method=PaymentMethod.ACCOUNT, status=PaymentStatus.CAPTURED),
        placed_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
