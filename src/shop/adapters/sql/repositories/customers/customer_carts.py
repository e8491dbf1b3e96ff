"""The carts of customers in a relational database."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from shop.adapters.sql.schema.details_documents import details_from_document, details_to_document
from shop.adapters.sql.schema.tables import customer_carts
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.guards import next_version, same_version
from shop.adapters.sql.statements.writes import (
    Fields,
    PendingWrite,
    insert_rows,
    lock_rows,
    update_rows,
)
from shop.application.ports.repositories.customers.customer_carts import CustomerCarts
from shop.application.ports.unit_of_work import LockOrder, TransactionConflict
from shop.domain.cart import Cart
from shop.domain.customer_cart import EMPTY_CART, CartContent, CustomerCart
from shop.domain.shared.line_quantity import LineQuantity

CUSTOMER_CARTS = select(customer_carts).order_by(customer_carts.c.user_id)


class SqlCustomerCarts(CustomerCarts):
    """The table of customers' carts."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._versions: dict[UUID, int] = {}
        """Of the locked rows, as they were read."""
        self._added: dict[UUID, Fields] = {}
        self._saved: dict[UUID, Fields] = {}

    async def get_many(self, user_ids: Collection[UUID]) -> Mapping[UUID, CustomerCart]:
        """Return the carts of users."""
        return await self._fetch(user_ids, lock=None)

    async def lock(self, user_ids: Collection[UUID]) -> Mapping[UUID, CustomerCart]:
        """Like `get_many`, and lock the rows."""
        found = await self._fetch(user_ids, lock=LockOrder.CARTS)
        self._versions |= {each.user_id: each.version for each in found.values()}
        return found

    async def lock_or_add(self, user_ids: Collection[UUID]) -> Mapping[UUID, CustomerCart]:
        """Like `lock`, and insert the rows that do not exist."""
        found = await self.lock(user_ids)
        missing = sorted(set(user_ids) - found.keys())
        if not missing:
            return found
        if not self._connection.holds_locks:
            raise TransactionConflict("new carts of customers need locks")
        rows = [_fields(CustomerCart.new(each), version=0) for each in missing]
        inserted = {
            row.user_id for row in await self._connection.insert_if_absent(customer_carts, rows)
        }
        self._versions |= dict.fromkeys(inserted, 0)
        # Others have inserted these meanwhile.
        inserted_by_others = await self.lock([each for each in missing if each not in inserted])
        return {**found, **inserted_by_others} | {each: CustomerCart.new(each) for each in inserted}

    def add(self, cart: CustomerCart) -> None:
        """Stage the cart of a new user."""
        self._connection.require_staging()
        self._added[cart.user_id] = _fields(cart, version=cart.version)

    def save(self, cart: CustomerCart) -> None:
        """Stage the next state of a locked or added cart."""
        self._connection.require_staging()
        if cart.user_id in self._added:
            self._added[cart.user_id] = _fields(cart, version=cart.version)
            return
        if cart.user_id not in self._versions:
            raise RuntimeError(f"the cart of {cart.user_id} was not locked in this unit of work")
        self._saved[cart.user_id] = _fields(cart, version=cart.version + 1)

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes, and what makes sure that unchanged carts are as they were."""
        yield from insert_rows(customer_carts, list(self._added.values()))
        if not self._connection.holds_locks:
            unwritten = sorted(self._versions.keys() - self._saved.keys())
            known = [{"user_id": each, "version": self._versions[each]} for each in unwritten]
            yield from lock_rows(customer_carts, "user_id", known, only_if=same_version)
        yield from update_rows(
            customer_carts,
            ["user_id"],
            [self._saved[each] for each in sorted(self._saved)],
            only_if=next_version,
            error_if_incomplete=TransactionConflict("a cart has changed since it was read"),
        )

    async def _fetch(
        self, user_ids: Collection[UUID], *, lock: LockOrder | None
    ) -> dict[UUID, CustomerCart]:
        rows = await self._connection.fetch_where_in(
            CUSTOMER_CARTS, customer_carts.c.user_id, user_ids, lock=lock
        )
        return {row.user_id: _cart(row) for row in rows}


def _fields(cart: CustomerCart, *, version: int) -> Fields:
    return {
        "user_id": cart.user_id,
        "lines": {line.sku: line.quantity for line in cart.content.cart.lines},
        "checkout": details_to_document(cart.content.details),
        "version": version,
    }


def _cart(row: Row[Any]) -> CustomerCart:
    return CustomerCart(user_id=row.user_id, content=_content(row), version=row.version)


def _content(row: Row[Any]) -> CartContent:
    # Every order of other lines reads the cart, and most find nothing in it.
    if not row.lines and not row.checkout:
        return EMPTY_CART
    lines = tuple(LineQuantity(sku=sku, quantity=each) for sku, each in row.lines.items())
    return CartContent(cart=Cart(lines=lines), details=details_from_document(row.checkout))
