"""What a use case will ask of a unit of work, said beforehand."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.shared.value import value


@value
class RowsWanted:
    """The rows that one command needs, as far as they can be named before anything is read.

    A session comes with its user. `has_cart` adds the cart of its user, and `takes_cart` also the
    products in it and in the session's own. `has_account` adds the accounts of its user and of the
    users with these `emails`. Products come with their stock, orders with their payments;
    `with_fulfilment` adds their shipments, refunds and customers. Codes come with
    the counters of their promotions.
    """

    session: SessionToken | None = None
    session_ids: Collection[UUID] = ()
    has_cart: bool = False
    takes_cart: bool = False
    has_account: bool = False
    idempotency_key: str | None = None
    emails: Collection[str] = ()
    product_skus: Collection[str] = ()
    stock_skus: Collection[str] = ()
    order_ids: Collection[UUID] = ()
    with_fulfilment: bool = False
    promotions: Collection[str] = ()
    codes: Collection[str] = ()
    card_use_since: datetime | None = None
    """Wants what the session's user has begun by card, with what was declined since then."""

    known_rules: int | None = None
    """Wants the version of the rules of prices; the rules too, unless this is their version."""

    @property
    def wants_rules(self) -> bool:
        """Whether the version of the rules is wanted."""
        return self.known_rules is not None
