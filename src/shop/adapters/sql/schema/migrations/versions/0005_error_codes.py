"""Store rejections under the stable code of their error instead of its class name.

Until this revision, a rejection was `{"error": class name, "facts": fields}`; from now on it is
`{"code": code, "fields": fields}`, and some fields have new names. It can be run again: it skips
rejections that have a code.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

from shop.adapters.sql.schema.column_types import JsonText

revision = "0005"
down_revision = "0004"

# Every error that the releases before this one have stored.
_CODES = {
    "AccountNotFound": "account-not-found",
    "BalanceTooLarge": "balance-too-large",
    "CardDeclined": "card-declined",
    "DepositNotFound": "deposit-not-found",
    "EmailTaken": "email-taken",
    "EmptyCart": "empty-cart",
    "IllegalTransition": "illegal-transition",
    "InsufficientFunds": "insufficient-funds",
    "NoOrder": "no-order",
    "NotPaidByCard": "not-paid-by-card",
    "NotSoManyLeft": "quantity-exceeds-order",
    "OrderNotFound": "order-not-found",
    "OrderUnderWay": "order-partly-fulfilled",
    "OutOfStock": "out-of-stock",
    "PaymentCancelled": "payment-cancelled",
    "PaymentExpired": "payment-expired",
    "PriceChanged": "price-changed",
    "ProductNotFound": "product-not-found",
    "RecipientNotFound": "recipient-not-found",
    "RefundTooLarge": "refund-exceeds-payment",
    "SessionNotFound": "session-not-found",
    "StockBelowReserved": "stock-below-reserved",
    "UserNotFound": "user-not-found",
}
_FIELDS = {
    "wanted": "requested",
    "left": "remaining",
    "before": "current",
    "after": "target",
}
_KEYS = sa.table(
    "idempotency_keys",
    sa.column("user_id", sa.Uuid()),
    sa.column("key", sa.Text()),
    sa.column("refusal", JsonText()),
)


def upgrade() -> None:
    """Replace the class name of every stored rejection by its code."""
    connection = op.get_bind()
    stored = connection.execute(
        sa.select(_KEYS.c.user_id, _KEYS.c.key, _KEYS.c.refusal).where(_KEYS.c.refusal.is_not(None))
    ).all()
    for user_id, key, rejection in stored:
        if "error" in rejection:
            connection.execute(
                sa.update(_KEYS)
                .where(_KEYS.c.user_id == user_id, _KEYS.c.key == key)
                .values(refusal=_with_code(rejection))
            )


def _with_code(rejection: Mapping[str, Any]) -> dict[str, Any]:
    return {"code": _CODES[rejection["error"]], "fields": _renamed(rejection["facts"])}


def _renamed(fields: Any) -> Any:  # noqa: ANN401  JSON of any shape.
    if isinstance(fields, list):
        return [_renamed(each) for each in fields]
    if isinstance(fields, dict):
        return {_FIELDS.get(name, name): _renamed(value) for name, value in fields.items()}
    return fields
