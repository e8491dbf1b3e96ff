"""A whole shop in memory, whose state tests can read."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from dependency_injector import providers
from pydantic import Secret

from shop.adapters.memory.engine.database import MemoryDatabase, State
from shop.adapters.memory.payment_gateway import MemoryPaymentGateway
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.catalogue.product_changes import PutProduct
from shop.application.checkout.cart import PutCartLine
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.idempotency.results import CommandResult
from shop.application.identity.authentication import CurrentSession
from shop.application.identity.session_carts import SessionCarts
from shop.application.identity.sessions import ChangePreferences
from shop.application.identity.sign_in import SignIn
from shop.application.identity.sign_up import SignedUp, SignUp
from shop.application.inventory.adjustments import AdjustStock
from shop.application.ports.repositories.idempotency_keys import StoredOutcome
from shop.application.ports.repositories.session_store import SessionStore, SessionToken, unwrapped
from shop.domain.account import Account
from shop.domain.cart import Cart
from shop.domain.customer_cart import CartContent
from shop.domain.session import Session
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.money import MAX_AMOUNT
from shop.domain.user import Role, User
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from tests.clock import FakeClock
from tests.doubles import FakePasswordHasher, InjectedFaults, SequentialIds
from tests.factories import EUR, eur

PASSWORD = "what they all use"
WELCOME_CREDIT = 1_000
PENDING_PAYMENT_SECONDS, IDEMPOTENCY_SECONDS = 900, 600
IDLE_SECONDS, ABSOLUTE_SECONDS = 1_800, 7_200


class MemoryShop:
    """The use cases on a database in memory, and what tests do there all the time."""

    def __init__(
        self,
        clock: FakeClock,
        database: MemoryDatabase,
        ids: SequentialIds,
        sessions: Callable[[SessionStore], SessionStore] = unwrapped,
        **settings: Any,  # noqa: ANN401  Several types.
    ) -> None:
        self.clock = clock
        self.database = database
        self.gateway = MemoryPaymentGateway(clock, idempotency_seconds=IDEMPOTENCY_SECONDS)
        self.faults = InjectedFaults(
            partial(MemoryUnitOfWork, database, writing=True, sessions=sessions)
        )
        self.container = Container(
            settings=Settings(
                **{
                    "database_url": "memory://",
                    "session_secrets": (Secret("a secret for tests alone, of enough characters"),),
                    "session_idle_seconds": IDLE_SECONDS,
                    "session_absolute_seconds": ABSOLUTE_SECONDS,
                    "currency": EUR,
                    "pending_payment_timeout_seconds": PENDING_PAYMENT_SECONDS,
                    "action_timeout_seconds": PENDING_PAYMENT_SECONDS,
                    "gateway_idempotency_seconds": IDEMPOTENCY_SECONDS,
                    "welcome_credit": WELCOME_CREDIT,
                    "deposit_limit": MAX_AMOUNT,
                    **settings,
                }
            )
        )
        snapshot = partial(MemoryUnitOfWork, database, writing=False, sessions=sessions)
        for provider, adapter in (
            (self.container.clock, providers.Object(clock)),
            (self.container.id_generator, providers.Object(ids)),
            (self.container.payment_gateway, providers.Object(self.gateway)),
            (self.container.password_hasher, providers.Object(FakePasswordHasher())),
            (self.container.database, providers.Object(database)),
            (self.container.unit_of_work, providers.Callable(self.faults.new_unit_of_work)),
            (self.container.snapshot, providers.Callable(snapshot)),
        ):
            provider.override(adapter)

    @property
    def state(self) -> State:
        """Everything that is stored."""
        return self.database.state

    async def audit_violations(self) -> list[object]:
        """Return what the audit finds, also at the gateway."""
        findings = [
            *await self.container.audit_shop().run(lambda _: None),
            await self.container.audit_gateway().run(timedelta(days=365)),
        ]
        return [violation for finding in findings for violation in finding.violations]

    async def sign_up(self, name: str, token: SessionToken | None = None) -> SignedUp:
        command = SignUp(
            session=token, name=name.title(), email=f"{name}@example.com", password=PASSWORD
        )
        return await self.container.sign_up_service().sign_up(command)

    async def customer(self, name: str) -> SessionToken:
        """Sign a user up; return the token."""
        return new_token((await self.sign_up(name)).current_session)

    async def sign_in(self, name: str, token: SessionToken | None = None) -> SessionToken:
        """Sign a user in; return the new token."""
        command = SignIn(session=token, email=f"{name}@example.com", password=PASSWORD)
        return new_token(await self.container.sign_in_service().sign_in(command))

    async def admin(self) -> SessionToken:
        """Sign an admin up; return the token."""
        await self.customer("root")
        await self.container.role_service().grant("root@example.com", Role.ADMIN)
        return await self.sign_in("root")

    async def add_products(self, admin: SessionToken, **quantities: int) -> None:
        """Sell products at 100 each, with so many on hand."""
        for sku, quantity in quantities.items():
            await self.container.product_service().put(put_product(admin, sku))
            if quantity:
                await self.container.inventory_service().adjust(add_stock(admin, sku, quantity))

    async def order(self, command: PlaceOrder) -> CommandResult[PlacedOrder]:
        (reply,) = await self.container.place_orders().place([command])
        return reply

    async def place(self, command: PlaceOrder) -> PlacedOrder:
        """Place an order and return it; raise its rejection."""
        return (await self.order(command)).unwrap()

    async def check_out(self, command: PlaceOrder) -> PlacedOrder:
        """Place an order and pay for it, also by card; raise its rejection."""
        return (await self.container.checkout().place(command)).unwrap()

    async def run_jobs(self) -> int:
        """Do the jobs that are due; return how many."""
        return await self.container.payment_job_runner().run_due()

    @property
    def jobs(self) -> list[str]:
        """The kinds of the jobs that wait, with a mark on the dead."""
        rows = self.state.jobs.rows.values()
        return sorted(f"{job.id.kind}{' (dead)' * job.is_dead}" for job in rows)

    async def fill_cart(self, token: SessionToken, **quantities: int) -> None:
        """Have nothing but these products in the cart of a session."""
        await self.container.cart_service().clear(token)
        for sku, quantity in quantities.items():
            command = PutCartLine(session=token, sku=sku, quantity=quantity)
            await self.container.cart_service().put(command)

    async def cart(self, token: SessionToken) -> dict[str, int]:
        """Return what is in the cart of a session, in its order."""
        content = await self.cart_content(token)
        return {line.sku: line.quantity for line in content.cart.lines}

    async def cart_content(self, token: SessionToken) -> CartContent:
        async with self.container.snapshot() as uow:
            session = (await uow.sessions.find([token]))[token]
            return (await SessionCarts.load(uow, [session])).content(session)

    def outcome(self, name: str, key: str = "key-0001") -> StoredOutcome | None:
        """Return the stored outcome of a user's key."""
        row = self.state.idempotency_keys.rows.get(
            IdempotencyKey(user_id=self.user(name).id, value=key)
        )
        return None if row is None else row.record.outcome

    def user(self, name: str) -> User:
        return next(each for each in self.state.users.rows.values() if each.name == name.title())

    def account(self, name: str) -> Account:
        owner = self.user(name)
        return next(each for each in self.state.accounts.rows.values() if each.user_id == owner.id)

    def balance(self, name: str) -> int:
        return self.account(name).balance.amount

    def stock_of(self, sku: str) -> tuple[int, int]:
        """Return how many are on hand, and how many of them reserved."""
        stock = self.state.inventories.rows[sku]
        return stock.on_hand, stock.reserved

    def on_hand(self, sku: str) -> int:
        return self.state.inventories.rows[sku].on_hand

    async def session(self, token: SessionToken) -> Session | None:
        """Return the session that a token opens, expired or not."""
        async with self.container.snapshot() as uow:
            return (await uow.sessions.find([token])).get(token)

    async def current_session(self, current_session: CurrentSession) -> Session:
        """Return the session that the token issued with a visit opens."""
        session = await self.session(new_token(current_session))
        assert session is not None
        return session

    async def save_user(self, user: User) -> None:
        """Store a user otherwise than before."""
        async with self.container.unit_of_work() as uow:
            await uow.users.lock([user.id])
            uow.users.save(user)
            await uow.commit()


async def set_preferences(
    shop: MemoryShop, token: SessionToken | None, patch: dict[str, object]
) -> CurrentSession:
    """Change the preferences of a session, which is created if there is none."""
    command = ChangePreferences(session=token, patch=patch)
    return await shop.container.session_service().change_preferences(command)


def put_product(admin: SessionToken | None, sku: str, price: int = 100) -> PutProduct:
    return PutProduct(
        session=admin,
        handle=sku,
        name=f"The {sku}",
        description="",
        price=eur(price),
        active=True,
        image_url=None,
    )


def add_stock(admin: SessionToken | None, sku: str, quantity: int) -> AdjustStock:
    return AdjustStock(session=admin, sku=sku, delta=quantity, reason="Delivery")


def place_order(
    token: SessionToken | None,
    *lines: tuple[str, int],
    key: str = "key-0001",
    expected: int | None = None,
    card: str | None = None,
) -> PlaceOrder:
    """Return the command to buy these lines; none buy the cart."""
    return PlaceOrder(
        session=token,
        key=key,
        cart=cart_of(*lines) if lines else None,
        card=card,
        expected_total=None if expected is None else eur(expected),
    )


def cart_of(*lines: tuple[str, int]) -> Cart:
    return Cart.of(LineQuantity(sku=sku, quantity=quantity) for sku, quantity in lines)


def new_token(current_session: CurrentSession | None) -> SessionToken:
    """Return the token that was issued with a visit."""
    assert current_session is not None
    assert current_session.new_token is not None
    return current_session.new_token
