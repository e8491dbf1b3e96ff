"""A shop in this process, and browsers that send requests to it."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

import httpx2
from dependency_injector import providers
from fastapi import FastAPI

from shop.adapters.files.image_store import TemporaryImageStore
from shop.adapters.files.import_spools import TemporaryImportSpools
from shop.adapters.memory.audit.audit import MemoryAudit
from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.adapters.memory.payment_gateway import MemoryPaymentGateway
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.catalogue.search_rows import stage_search_rows
from shop.application.ports.repositories.audit import INVARIANTS, Violation
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.catalogue.product import Product
from shop.domain.user import Role
from shop.entrypoints.configuration.payment_gateway import PaymentGatewayKind
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from shop.entrypoints.http.app import create_app
from tests.clock import FakeClock
from tests.doubles import FakePasswordHasher, SequentialIds
from tests.factories import inventory, product, stock_movement

Json = dict[str, Any]

PASSWORD = "correct horse battery staple"
API = "/api/v1"


class Browser:
    """A browser: it keeps the cookies that it is given, and sends them back."""

    def __init__(self, app: FastAPI, origin: str, address: str = "127.0.0.1") -> None:
        transport = httpx2.ASGITransport(app, client=(address, 40_000))
        self.client = httpx2.AsyncClient(
            transport=transport,
            base_url=origin,
            event_hooks={"response": [_require_each_header_once]},
        )

    @property
    def token(self) -> str | None:
        """The session token in the cookie."""
        return next((value for _, value in self.client.cookies.items()), None)

    def replace_token(self, token: str) -> None:
        """Replace the token in the cookie."""
        (cookie,) = self.client.cookies.jar
        cookie.value = token

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        return await self.request("GET", path, **headers)

    async def delete(self, path: str, **headers: str) -> httpx2.Response:
        return await self.request("DELETE", path, **headers)

    async def post(self, path: str, body: object = None, **headers: str) -> httpx2.Response:
        return await self.request("POST", path, body, **headers)

    async def put(self, path: str, body: object = None, **headers: str) -> httpx2.Response:
        return await self.request("PUT", path, body, **headers)

    async def patch(self, path: str, body: object = None, **headers: str) -> httpx2.Response:
        return await self.request("PATCH", path, body, **headers)

    async def request(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> httpx2.Response:
        """Send a request to the API, or with `//` in front to a path outside of it.

        Header names are given with underscores.
        """
        named = {
            name.replace("_", "-").encode(): value.encode("latin-1")
            for name, value in headers.items()
        }
        return await self.client.request(method, self._url(path), json=body, headers=named)

    async def send_raw(
        self, method: str, path: str, content: object, content_type: str = "application/json"
    ) -> httpx2.Response:
        """Send a body as it is."""
        headers = {"content-type": content_type, "idempotency-key": "key-0001"}
        return await self.client.request(
            method,
            self._url(path),
            content=content,  # type: ignore[arg-type]
            headers=headers,
        )

    async def sign_up(self, name: str = "ada") -> Json:
        """Become a customer with the address of that name; return what the shop says."""
        body = {"name": name.title(), "email": f"{name}@example.com", "password": PASSWORD}
        response = await self.post("/users", body)
        assert response.status_code == 201, response.text
        signed_up: Json = response.json()
        return signed_up

    async def sign_in(self, name: str = "ada", password: str = PASSWORD) -> httpx2.Response:
        body = {"email": f"{name}@example.com", "password": password}
        return await self.post("/session", body)

    async def order(
        self, sku: str = "TEA", quantity: int = 1, key: str = "key-0001", **more: object
    ) -> httpx2.Response:
        """Order one product, paid from the account."""
        lines = [{"sku": sku, "quantity": quantity}]
        body = {"lines": lines, "payment": {"method": "account"}, **more}
        return await self.post("/orders", body, idempotency_key=key)

    async def pages(self, path: str) -> list[list[Json]]:
        """Return the items of each page of a list, one to a page."""
        page = (await self.get(f"{path}?limit=1")).json()
        pages = [page["items"]]
        while page["next"] is not None:
            page = (await self.get(f"{path}?limit=1&cursor={page['next']}")).json()
            pages.append(page["items"])
        return pages

    def _url(self, path: str) -> str:
        return path.removeprefix("/") if path.startswith("//") else API + path


async def _require_each_header_once(response: httpx2.Response) -> None:
    names = [name for name, _ in response.headers.multi_items()]
    assert sorted(names) == sorted(set(names)), f"{response.request.url} has a header twice"


@dataclass(frozen=True, kw_only=True)
class HttpShop:
    """A whole shop on memory, from the routes to the stores."""

    container: Container
    app: FastAPI
    database: MemoryDatabase
    clock: FakeClock
    origin: str

    @classmethod
    def open(
        cls, clock: FakeClock, database: MemoryDatabase | None = None, **settings: object
    ) -> "HttpShop":
        """Open a shop, on a database of its own by default; customers begin with 100 euros."""
        chosen: Json = {
            "_env_file": None,
            "session_secrets": (SECRET,),
            "welcome_credit": 10_000,
            # On a clock that never makes it wait, a worker would look without end.
            "run_jobs_in_server": False,
            "payment_gateway": PaymentGatewayKind.SIMULATED,
            "hosts": ("shop.test",),
            **settings,
        }
        database = database or MemoryDatabase()
        container = Container(settings=Settings(**chosen))
        container.clock.override(providers.Object(clock))
        container.id_generator.override(providers.Singleton(SequentialIds))
        container.password_hasher.override(providers.Singleton(FakePasswordHasher))
        container.database.override(providers.Object(database))
        container.image_store.override(providers.Singleton(TemporaryImageStore))
        container.import_spools.override(providers.Singleton(TemporaryImportSpools))
        container.payment_gateway.override(providers.Object(MemoryPaymentGateway(clock)))
        shop = cls(
            container=container,
            app=create_app(container),
            database=database,
            clock=clock,
            origin="https://shop.test"
            if container.settings().is_production
            else "http://shop.test",
        )
        shop.use_unit_of_work(MemoryUnitOfWork)
        return shop

    def use_unit_of_work(self, unit_of_work: Callable[..., UnitOfWork]) -> None:
        """Have everything happen in units of work of this kind."""
        for provider, writing in (
            (self.container.unit_of_work, True),
            (self.container.snapshot, False),
        ):
            provider.override(
                providers.Factory(
                    unit_of_work,
                    self.container.database,
                    writing=writing,
                    sessions=self.container.session_store,
                )
            )

    def browser(self, address: str = "127.0.0.1") -> Browser:
        return Browser(self.app, self.origin, address)

    async def customer(self, name: str = "ada") -> Browser:
        """Return a browser of a user who has signed up."""
        browser = self.browser()
        await browser.sign_up(name)
        return browser

    async def admin(self, name: str = "root") -> Browser:
        """Return a browser of an admin."""
        browser = await self.customer(name)
        await self.grant_admin(name)
        return browser

    async def grant_admin(self, name: str) -> None:
        await self.container.role_service().grant(f"{name}@example.com", Role.ADMIN)

    async def change_user(self, name: str, **changes: Any) -> None:  # noqa: ANN401  Several types.
        """Have the user of this name be different, behind everybody's back."""
        async with self.container.unit_of_work() as uow:
            email = f"{name}@example.com"
            user_id = (await uow.users.with_emails([email]))[email].id
            user = (await uow.users.lock([user_id]))[user_id]
            uow.users.save(replace(user, **changes))
            await uow.commit()

    async def add_product(self, sku: str = "TEA", on_hand: int = 10, **changes: Any) -> Product:  # noqa: ANN401  Of any field.
        """Offer a product for 5 euros, of which this many are on hand."""
        added = product(sku, **changes)
        empty, full = inventory(sku), inventory(sku, on_hand)
        async with self.container.unit_of_work() as uow:
            uow.products.add(added)
            uow.inventories.add(empty)
            await stage_search_rows(uow, [added])
            await uow.commit()
        async with self.container.unit_of_work() as uow:
            await uow.inventories.lock([sku])
            uow.inventories.save(full, stock_movement(empty, full))
            await uow.commit()
        return added

    def on_hand(self, sku: str = "TEA") -> int:
        return self.database.state.inventories.rows[sku].on_hand

    def balance(self, name: str = "ada") -> int:
        """Return what the customer of this name has."""
        state = self.database.state
        (user,) = [each for each in state.users.rows.values() if each.email.startswith(f"{name}@")]
        (account,) = [each for each in state.accounts.rows.values() if each.user_id == user.id]
        return account.balance.amount

    def stored_rows(self) -> Mapping[str, Mapping[Any, Any]]:
        """Return every committed row, by table."""
        state = self.database.state
        return {each.name: dict(getattr(state, each.name).rows) for each in fields(state)}

    def violations(self) -> Sequence[Violation]:
        """Return what the audit finds in what is committed; nothing is overdue, as no job runs."""
        return asyncio.run(self._audit(due_before=datetime.min.replace(tzinfo=UTC)))

    async def _audit(self, due_before: datetime) -> Sequence[Violation]:
        snapshot = MemoryTransaction(self.database, writing=False)
        await snapshot.begin()
        audit = MemoryAudit(snapshot)
        return [
            each
            for invariant in INVARIANTS
            for each in await audit.violations(invariant, due_before)
        ]

    @contextmanager
    def unchanged(self, *, except_table: str = "") -> Iterator[None]:
        """Require that what happens inside stores nothing, in one table aside.

        Hits of rate limits are stored whatever happens to the request that they count.
        """
        ignored: Json = {except_table: None, "rate_limits": None}
        before = self.stored_rows()
        yield
        after = self.stored_rows()
        assert {**after, **ignored} == {**before, **ignored}


SECRET = "a secret for tests alone, 0123456789"


def assert_problem(response: httpx2.Response, status: int, code: str, **facts: object) -> Json:
    """Require a problem of this kind with exactly these facts; return it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: Json = response.json()
    standard = {
        "type": f"/problems/{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": status,
    }
    detail = problem.pop("detail")
    assert detail.strip()
    assert problem == {**standard, **facts}
    return problem | {"detail": detail}


def assert_invalid(response: httpx2.Response, *pointers: str) -> None:
    """Require that the request was malformed at exactly these places."""
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == "/problems/invalid-request"
    assert [error["pointer"] for error in problem["errors"]] == list(pointers), problem
    assert all(error["detail"] for error in problem["errors"])


def eur(amount: int) -> Json:
    return {"amount": amount, "currency": "EUR"}


def totals(amount: int) -> Json:
    """Return the totals of a cart or an order without discounts, shipping and taxes."""
    nothing = dict.fromkeys(("discount", "shipping", "tax"), eur(0))
    return {"subtotal": eur(amount), **nothing, "total": eur(amount), "prices_include_tax": True}
