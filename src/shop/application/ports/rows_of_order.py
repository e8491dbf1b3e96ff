"""What a use case will ask of a unit of work, said beforehand."""

from collections.abc import Collection

from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.shared.value import value


@value
class RowsOfOrder:
    """The rows that a new order needs; without `skus`, the session's cart names the products."""

    session: SessionToken | None
    idempotency_key: str
    skus: Collection[str] | None
