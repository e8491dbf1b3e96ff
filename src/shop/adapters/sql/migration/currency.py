"""The shop's currency: that of its own accounts, which an empty shop may change."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, delete, exists, or_, select, update

from shop.adapters.sql.schema.tables import (
    accounts,
    deposits,
    orders,
    payments,
    pricing_rules,
    products,
    refunds,
    transfers,
    variants,
)
from shop.application.ports.database import CurrencyMismatch
from shop.domain.account import ShopAccount
from shop.domain.shared.money import Currency

_IS_SHOP_ACCOUNT = accounts.c.user_id.is_(None)
_HAS_MONEY = or_(accounts.c.balance != 0, accounts.c.minimum_balance != 0)


def require_currency(connection: Connection, currency: Currency) -> None:
    """Raise `CurrencyMismatch` unless the shop sells in this currency."""
    others = _other_currencies(connection, currency)
    if not others:
        return
    _require_no_money(connection, currency, others)
    raise CurrencyMismatch(
        f"the shop sells in {others}, not in {currency}; it is still empty, so run `shop migrate`"
        f" to change that, or set SHOP_CURRENCY={others}"
    )


def change_currency(connection: Connection, currency: Currency) -> str | None:
    """Make an empty shop sell in this currency, and return the currency that it had.

    Return None if nothing was changed. Raise `CurrencyMismatch` if there is money in another
    currency.
    """
    others = _other_currencies(connection, currency)
    if not others:
        return None
    # Both lock rows before the shop is examined: `own_account_query` waits for the first, and every
    # change of a balance for the second.
    connection.execute(delete(accounts).where(_IS_SHOP_ACCOUNT, accounts.c.currency != currency))
    connection.execute(
        update(accounts)
        .where(accounts.c.currency != currency, ~_HAS_MONEY)
        .values(currency=currency)
    )
    _require_no_money(connection, currency, others)
    return others


def own_account_query(currency: Currency) -> Select[tuple[UUID]]:
    """Return the query that locks the sales account, so that the currency cannot change.

    It has no row if the shop sells in another currency by now.
    """
    return (
        select(accounts.c.id)
        .where(accounts.c.id == ShopAccount.SALES.account_id(currency))
        .with_for_update(read=True, key_share=True)
    )


def _other_currencies(connection: Connection, currency: Currency) -> str:
    query = select(accounts.c.currency).where(_IS_SHOP_ACCOUNT, accounts.c.currency != currency)
    return ", ".join(sorted(set(connection.scalars(query.distinct()))))


def _require_no_money(connection: Connection, currency: Currency, others: str) -> None:
    money = _money_in_others(currency)
    found = (connection.execute(select(*money.values()))).one()
    reasons = [name for name, is_there in zip(money, found, strict=True) if is_there]
    if reasons:
        raise CurrencyMismatch(
            f"the shop sells in {others}, not in {currency}, and cannot change because it has"
            f" {' and '.join(reasons)}; set SHOP_CURRENCY={others}"
        )


def _money_in_others(currency: Currency) -> Mapping[str, ColumnElement[Any]]:
    """Return, by name, conditions that hold if there is money in another currency."""
    return {
        "products": or_(
            exists().where(products.c.currency != currency),
            exists().where(variants.c.currency != currency),
        ),
        # Their amounts stand in documents, in the currency that the shop had.
        "pricing rules": exists(select(pricing_rules.c.slug)),
        "customers' money": exists().where(accounts.c.currency != currency, _HAS_MONEY),
        "transfers": exists().where(transfers.c.currency != currency),
        "orders": or_(
            exists().where(orders.c.currency != currency),
            exists().where(payments.c.currency != currency),
            exists().where(refunds.c.currency != currency),
        ),
        "deposits": exists().where(deposits.c.currency != currency),
    }
