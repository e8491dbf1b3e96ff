"""The ORM baseline's app: a `def` handler with an ORM session and a transaction.

It makes the same writes as an order of the shop, locks in the same order, and returns the same
document.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI, Header, HTTPException, Request
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker
from uuid_utils.compat import uuid7

from bench.apps.baseline_orm.database import create_engine_for
from bench.apps.baseline_orm.models import (
    Account,
    IdempotencyKey,
    Inventory,
    Order,
    OrderLine,
    Payment,
    Product,
    StatusChange,
    StockMovement,
    Transfer,
    User,
    WebSession,
)
from bench.workloads import COOKIE
from shop.adapters.system.keyring import Keyring
from shop.domain.account import ShopAccount
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import PaymentMethod, PaymentStatus
from shop.domain.shared.money import Currency
from shop.entrypoints.cli.bootstrap import read_settings
from shop.entrypoints.cli.server import freeze_startup_objects
from shop.entrypoints.http.api.orders.new_order import NewOrder, OrderLineInput
from shop.entrypoints.http.api.orders.schemas import (
    OrderLineResponse,
    OrderResponse,
    PaymentResponse,
)
from shop.entrypoints.http.api.price_schemas import TotalsResponse
from shop.entrypoints.http.schemas import MoneyResponse

NewSession = Callable[[], Session]

SALES = ShopAccount.SALES.account_id(Currency("EUR"))


def _database(request: Request) -> Iterator[Session]:
    with request.app.state.new_session() as database:
        yield database


Database = Annotated[Session, Depends(_database)]


def create_app() -> FastAPI:
    """Return the app, with the database and secret of the shop's settings."""
    settings = read_settings(None)
    app = FastAPI()
    app.state.engine = create_engine_for(settings.database_url)
    app.state.new_session = sessionmaker(app.state.engine, autoflush=False, expire_on_commit=False)
    secrets = [each.get_secret_value() for each in settings.session_secrets]
    app.state.key = Keyring(secrets).keys("session token")[0]
    app.get("/healthz")(_health)
    app.post("/api/v1/orders", status_code=201)(_place_order)
    freeze_startup_objects()
    return app


def _health() -> None:
    return None


def _place_order(
    body: NewOrder,
    request: Request,
    database: Database,
    idempotency_key: Annotated[str, Header()],
) -> OrderResponse:
    token = request.cookies.get(COOKIE, "")
    token_hash = hmac.digest(request.app.state.key, token.encode(), hashlib.sha256).hex()
    try:
        order = _place(database, token_hash, idempotency_key, body.lines or [])
        response = _to_response(order)
        database.commit()
    except Exception:
        database.rollback()
        raise
    return response


def _place(
    database: Session, token_hash: str, key: str, requested_lines: list[OrderLineInput]
) -> Order:
    now = datetime.now(UTC)
    session = database.scalars(
        select(WebSession).where(WebSession.token_hash == token_hash).with_for_update()
    ).one_or_none()
    user = database.get(User, session.user_id) if session else None
    if session is None or user is None or not user.enabled:
        raise HTTPException(401, "not signed in")
    key_row = _claim(database, user.id, key, requested_lines, now)
    account = database.scalars(
        select(Account)
        .where(Account.user_id == user.id, Account.currency == "EUR")
        .with_for_update()
    ).one()
    order = _order(database, user.id, key, requested_lines, now)
    if account.balance < order.total:
        raise HTTPException(409, "insufficient funds")
    account.balance -= order.total
    database.add(order)
    database.add(_charge(order, account))
    key_row.reference = order.id
    session.last_order_id = order.id
    session.last_seen_at = now
    session.version += 1
    return order


def _claim(
    database: Session, user_id: UUID, key: str, requested_lines: list[OrderLineInput], now: datetime
) -> IdempotencyKey:
    serialised = json.dumps([line.model_dump() for line in requested_lines])
    key_row = IdempotencyKey(
        user_id=user_id,
        key=key,
        fingerprint=hashlib.sha256(serialised.encode()).hexdigest(),
        created_at=now,
    )
    database.add(key_row)
    try:
        database.flush()
    except IntegrityError as error:
        raise HTTPException(409, "key already used") from error
    return key_row


def _order(
    database: Session, user_id: UUID, key: str, requested_lines: list[OrderLineInput], now: datetime
) -> Order:
    order_id = uuid7()
    lines: list[OrderLine] = []
    for position, line in enumerate(sorted(requested_lines, key=lambda each: each.sku)):
        product = database.get(Product, line.sku)
        if product is None or not product.active:
            raise HTTPException(404, "product not found")
        _sell(database, line, order_id, now)
        lines.append(
            OrderLine(
                position=position,
                sku=line.sku,
                name=product.name,
                quantity=line.quantity,
                unit_price=product.price,
            )
        )
    total = sum(line.quantity * line.unit_price for line in lines)
    return Order(
        id=order_id,
        number=secrets.token_hex(8).upper(),
        user_id=user_id,
        idempotency_key=key,
        status="paid",
        total=total,
        currency="EUR",
        payment_method="account",
        placed_at=now,
        version=1,
        lines=lines,
        events=[StatusChange(sequence=1, to_status="paid", actor="customer", created_at=now)],
        payment=Payment(
            method="account", status="captured", amount=total, currency="EUR", created_at=now
        ),
    )


def _sell(database: Session, line: OrderLineInput, order_id: UUID, now: datetime) -> None:
    inventory = database.scalars(
        select(Inventory).where(Inventory.sku == line.sku).with_for_update()
    ).one()
    if inventory.on_hand - inventory.reserved < line.quantity:
        raise HTTPException(409, "out of stock")
    inventory.on_hand -= line.quantity
    database.add(
        StockMovement(
            id=uuid7(),
            sku=line.sku,
            kind="sale",
            on_hand_delta=-line.quantity,
            reserved_delta=0,
            order_id=order_id,
            reason="",
            created_at=now,
        )
    )


def _charge(order: Order, account: Account) -> Transfer:
    return Transfer(
        id=uuid7(),
        kind="charge",
        debit_account_id=account.id,
        credit_account_id=SALES,
        amount=order.total,
        currency="EUR",
        order_id=order.id,
        note="",
        created_at=order.placed_at,
    )


def _to_response(order: Order) -> OrderResponse:
    return OrderResponse(
        id=order.id,
        number=order.number,
        status=OrderStatus(order.status),
        total=_money(order.total),
        totals=TotalsResponse(
            subtotal=_money(order.total),
            discount=_money(0),
            shipping=_money(0),
            tax=_money(0),
            total=_money(order.total),
            prices_include_tax=True,
        ),
        discounts=[],
        taxes=[],
        lines=[
            OrderLineResponse(
                sku=line.sku,
                name=line.name,
                options={},
                quantity=line.quantity,
                unit_price=_money(line.unit_price),
                amount=_money(line.quantity * line.unit_price),
                discount=_money(0),
                tax=_money(0),
                shipped=0,
                refunded=0,
            )
            for line in order.lines
        ],
        payment=PaymentResponse(
            method=PaymentMethod(order.payment.method), status=PaymentStatus(order.payment.status)
        ),
        refunded=_money(0),
        placed_at=order.placed_at,
    )


def _money(amount: int) -> MoneyResponse:
    return MoneyResponse(amount=amount, currency="EUR")
