"""The container puts the shop together, and every part of it can be exchanged."""

from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from pathlib import Path

import pytest
from dependency_injector import containers, providers

from shop.adapters.cookie.session_store import CookieSessionStore
from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.adapters.simulated_gateway.http_payment_gateway import HttpPaymentGateway
from shop.adapters.simulated_gateway.payment_gateway import InProcessPaymentGateway
from shop.adapters.sql.repositories.session_store import SqlSessionStore
from shop.adapters.stripe.payment_gateway import StripePaymentGateway
from shop.application.identity.sign_up import SignedUp, SignUp
from shop.entrypoints.configuration.sessions import MIN_SECRET_CHARACTERS, SessionStoreKind
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from tests.clock import FakeClock
from tests.contract.payment_gateway.gateway_under_test import authorisation_request
from tests.doubles import FakePasswordHasher, SequentialIds
from tests.factories import NOW, eur

pytestmark = pytest.mark.anyio

NewContainer = Callable[..., Container]

STRIPE = {
    "payment_gateway": "stripe",
    "stripe_secret_key": "sk_test_of_no_shop",
    "stripe_webhook_secrets": ("whsec_of_no_shop",),
}


@pytest.fixture
async def new_container(tmp_path: Path) -> AsyncIterator[NewContainer]:
    """Yield a function that creates containers, each with a database file of its own."""
    opened: list[Container] = []

    def new(**settings: object) -> Container:
        url = f"sqlite+aiosqlite:///{tmp_path / f'{len(opened)}.db'}"
        secret = "a secret for tests alone, of enough characters"
        container = Container(
            settings=Settings.model_validate(
                {"database_url": url, "session_secrets": [secret], "currency": "EUR", **settings}
            )
        )
        opened.append(container)
        return container

    yield new
    for each in opened:
        await each.database().close()


@pytest.fixture
def in_memory(new_container: NewContainer, clock: FakeClock) -> NewContainer:
    """Yield a function that creates containers of shops in memory."""

    def new() -> Container:
        container, database = new_container(), MemoryDatabase()
        for provider, adapter in (
            (container.clock, providers.Object(clock)),
            (container.id_generator, providers.Object(SequentialIds())),
            (container.password_hasher, providers.Object(FakePasswordHasher())),
            (container.database, providers.Object(database)),
            (
                container.unit_of_work,
                providers.Factory(MemoryUnitOfWork, database, writing=True),
            ),
            (container.snapshot, providers.Factory(MemoryUnitOfWork, database, writing=False)),
        ):
            provider.override(adapter)
        return container

    return new


async def _sign_up(container: Container, name: str = "ada") -> SignedUp:
    command = SignUp(
        session=None, name=name.title(), email=f"{name}@example.com", password="a long one"
    )
    return await container.sign_up_service().sign_up(command)


def names_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


@pytest.mark.parametrize("database", [{}, {"database_url": "memory://"}], ids=["sql", "memory"])
@pytest.mark.parametrize("store", SessionStoreKind)
async def test_every_provider_can_be_created(
    new_container: NewContainer, store: SessionStoreKind, database: Mapping[str, str]
) -> None:
    container = new_container(session_store=store, **database)

    provided = {name: provider() for name, provider in container.providers.items()}

    assert provided.keys() >= {"database", "unit_of_work", "place_orders", "audit_shop"}
    assert None not in provided.values()


def test_no_container_replaces_a_provider_of_another() -> None:
    declared = [
        (name, each)
        for each in Container.__mro__
        if issubclass(each, containers.DeclarativeContainer)
        for name in each.cls_providers
    ]

    assert len(declared) == len(dict(declared)) == len(Container.providers)


@pytest.mark.parametrize(
    ("store", "kind"),
    [
        (SessionStoreKind.DATABASE, SqlSessionStore),
        (SessionStoreKind.COOKIE, CookieSessionStore),
    ],
)
async def test_session_store_follows_the_settings(
    new_container: NewContainer, store: SessionStoreKind, kind: type[object]
) -> None:
    container = new_container(session_store=store, welcome_credit=7)
    container.password_hasher.override(providers.Object(FakePasswordHasher()))
    await container.database().migrate()

    for unit in (container.unit_of_work, container.snapshot):
        async with unit() as uow:
            assert type(uow.sessions) is kind

    done = await _sign_up(container)
    current_session = await container.session_service().authenticate(done.current_session.new_token)
    assert current_session is not None
    assert current_session.user == done.user
    assert (await container.account_service().show(done.user)).balance == eur(7)


async def test_simulated_payments_are_stored_beside_the_database_without_a_gateway_url(
    new_container: NewContainer, tmp_path: Path
) -> None:
    embedded = new_container().payment_gateway()
    remote = new_container(simulated_gateway_url="http://127.0.0.1:8100").payment_gateway()
    assert isinstance(embedded, InProcessPaymentGateway)
    assert isinstance(remote, HttpPaymentGateway)
    assert names_in(tmp_path) == []

    await embedded.authorise(authorisation_request("order", "tok_visa"))
    await embedded.close()

    assert names_in(tmp_path) == ["0.db.gateway"]


async def test_gateway_process_stores_payments_where_configured(
    new_container: NewContainer, tmp_path: Path
) -> None:
    app = new_container().gateway_app(tmp_path / "named.db")

    async with app.router.lifespan_context(app):
        pass

    assert names_in(tmp_path) == ["named.db"]


async def test_payments_go_to_stripe_when_configured(
    new_container: NewContainer,
) -> None:
    container = new_container(**STRIPE)

    assert type(container.payment_gateway()) is StripePaymentGateway
    assert container.payment_gateway() is container.payment_gateway()


async def test_use_cases_use_overridden_adapters(
    in_memory: NewContainer,
) -> None:
    container = in_memory()

    done = await _sign_up(container)

    database = container.database()
    assert isinstance(database, MemoryDatabase)
    assert database.state.users.rows == {done.user.id: done.user}
    assert done.user.created_at == NOW
    assert done.user.password_hash == await FakePasswordHasher().hash("a long one")


async def test_existing_use_cases_see_a_replaced_database(
    in_memory: NewContainer,
) -> None:
    container = in_memory()
    await _sign_up(container, "ada")
    other = MemoryDatabase()
    new = partial(MemoryUnitOfWork, other, writing=True)

    with container.unit_of_work.override(providers.Factory(new)):
        bob = await _sign_up(container, "bob")

    first = container.database()
    assert isinstance(first, MemoryDatabase)
    assert [user.name for user in first.state.users.rows.values()] == ["Ada"]
    assert list(other.state.users.rows) == [bob.user.id]


async def test_two_containers_share_nothing(in_memory: NewContainer) -> None:
    first, second = in_memory(), in_memory()

    await _sign_up(first)
    done = await _sign_up(second)

    database = second.database()
    assert isinstance(database, MemoryDatabase)
    assert database.state.users.rows == {done.user.id: done.user}


async def test_two_containers_create_their_own_singletons(
    new_container: NewContainer,
) -> None:
    first, second = new_container(), new_container()

    for name, provider in _singletons(first).items():
        assert provider() is not second.providers[name](), name


async def test_singletons_are_created_once(new_container: NewContainer) -> None:
    container = new_container()

    for name, provider in _singletons(container).items():
        assert provider() is provider(), name
    assert container.unit_of_work() is not container.unit_of_work()


async def test_shop_in_memory_stores_nothing_on_disk(
    new_container: NewContainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    container = new_container(database_url="memory://", session_secrets=[])

    await container.payment_gateway().authorise(authorisation_request("order", "tok_visa"))
    done = await _sign_up(container)

    (secret,) = container.secrets()
    assert len(secret) >= MIN_SECRET_CHARACTERS
    assert container.secrets() == [secret]
    database = container.database()
    assert isinstance(database, MemoryDatabase)
    assert list(database.state.users.rows) == [done.user.id]
    assert names_in(tmp_path) == []


async def test_development_secret_is_created_beside_the_database(
    new_container: NewContainer, tmp_path: Path
) -> None:
    container = new_container(session_secrets=[])

    (secret,) = container.secrets()

    assert (tmp_path / "0.db.secret").read_text().strip() == secret


def _singletons(container: Container) -> Mapping[str, providers.Provider[object]]:
    selected = {"database", "payment_gateway"}
    found = {
        name: provider
        for name, provider in container.providers.items()
        if isinstance(provider, providers.Singleton) or name in selected
    }
    assert found.keys() >= {*selected, "transaction_runner", "clock", "place_orders"}
    return found
