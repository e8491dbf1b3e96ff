"""The carts of customers in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction, StagedRows
from shop.application.ports.repositories.customers.customer_carts import CustomerCarts
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.customer_cart import CustomerCart


class MemoryCustomerCarts(CustomerCarts):
    """The carts of all customers, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._rows = StagedRows(transaction, LockOrder.CARTS, lambda state: state.customer_carts)
        self._of_new_users: set[UUID] = set()

    async def get_many(self, user_ids: Collection[UUID]) -> Mapping[UUID, CustomerCart]:
        """Return the carts of users."""
        return self._rows.committed.get_many(user_ids)

    async def lock(self, user_ids: Collection[UUID]) -> Mapping[UUID, CustomerCart]:
        """Like `get_many`, and lock the carts."""
        return self._rows.lock(user_ids)

    async def lock_or_add(self, user_ids: Collection[UUID]) -> Mapping[UUID, CustomerCart]:
        """Like `lock`, and stage the carts that do not exist."""
        found = self._rows.lock(user_ids)
        new = {each: CustomerCart.new(each) for each in user_ids if each not in found}
        for cart in new.values():
            self._rows.add(cart)
        return found | new

    def add(self, cart: CustomerCart) -> None:
        """Stage the cart of a new user."""
        self._rows.add(cart)
        self._of_new_users.add(cart.user_id)

    def save(self, cart: CustomerCart) -> None:
        """Stage the next state of a locked or added cart."""
        steps = 0 if cart.user_id in self._of_new_users else 1
        self._rows.save(replace(cart, version=cart.version + steps))

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        for cart in self._rows.staged:
            has_user = cart.user_id in state.users.rows
            require_constraint(has_user, "fk_customer_carts_user_id_users")
        return replace(state, customer_carts=self._rows.apply(state))
