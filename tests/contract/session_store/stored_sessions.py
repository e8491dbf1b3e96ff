"""Sessions of Ada and Bob, stored and read in units of work."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.address import Address
from shop.domain.cart import Cart
from shop.domain.customer_cart import CartContent
from shop.domain.orders.order_details import OrderDetails
from shop.domain.session import Session, SessionPolicy
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.user import Role
from tests.contract.storage import Storage
from tests.factories import NOW, id_of, session, user

ADA, BOB = user("ada"), user("bob")

POLICY = SessionPolicy(
    idle=timedelta(hours=1), visitor_idle=timedelta(hours=1), absolute=timedelta(hours=10)
)

CART = Cart(lines=(LineQuantity(sku="TEA", quantity=2), LineQuantity(sku="CUP", quantity=10_000)))
CONTENT = CartContent(cart=CART)

FULL = session(
    "full",
    user_id=ADA.id,
    roles=frozenset({Role.CUSTOMER, Role.ADMIN}),
    signed_in_at=NOW - timedelta(minutes=1),
    preferences={"theme": "dunkel 🙂", "lists": [1, None, {"a": True}], "n": 1.5, "deep": {}},
    cart=CART,
    last_order_id=id_of("order"),
    details=OrderDetails(
        email="ada@example.com",
        shipping_address=Address(name="Ada", line1="1 Main Street", country="DE", city="Köln"),
        shipping_method="parcel",
        codes=("WELCOME10", "SPRING"),
    ),
)

PAUSE_SECONDS = 0.05


async def create(storage: Storage, session: Session) -> SessionToken:
    async def begin(uow: UnitOfWork) -> SessionToken:
        return uow.sessions.create(session)

    return await storage.write(begin)


async def save(storage: Storage, token: SessionToken, session: Session) -> SessionToken:
    async def save(uow: UnitOfWork) -> SessionToken:
        await uow.sessions.lock([token])
        return uow.sessions.save(session)

    return await storage.write(save)


async def find(storage: Storage, *tokens: SessionToken) -> Mapping[SessionToken, Session]:
    return await storage.read(lambda uow: uow.sessions.find(tokens))


async def find_one(storage: Storage, token: SessionToken) -> Session:
    return (await find(storage, token))[token]


def session_of(owner: UUID, name: str, **changes: object) -> Session:
    return session(name, user_id=owner, signed_in_at=NOW, **changes)
