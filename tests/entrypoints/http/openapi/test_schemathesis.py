"""What the document allows, and much that it forbids, is sent; the answers are as described."""

import asyncio
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import checks

from shop.domain.cart import Cart
from shop.domain.customer_cart import CartContent
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.user import Role
from tests.clock import FakeClock
from tests.effort import EFFORT
from tests.entrypoints.http.clients import HttpShop
from tests.factories import NOW, account, session, user, welcome_transfer

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
    checks.allow_header_conformance,
    checks.missing_required_header,
]

ADMIN = user("root", roles=frozenset({Role.CUSTOMER, Role.ADMIN}))
SKU = "TEA-EARL-GREY"


class ShopWithData:
    """A shop with an admin in it who gets a new session for every request."""

    def __init__(self) -> None:
        self.shop = HttpShop.open(FakeClock(NOW), hosts=("shop.test", "testserver"))
        self._sessions = 0

    async def open(self) -> None:
        """Let the admin in, with some money and something to buy."""
        await self.shop.add_product(SKU, on_hand=1000)
        savings = account(ADMIN, 1_000_000)
        async with self.shop.container.unit_of_work() as uow:
            uow.users.add(ADMIN)
            uow.accounts.add(savings)
            uow.transfers.add(welcome_transfer(savings))
            await uow.commit()

    async def token(self) -> str:
        """Return what opens a new session of the admin's, with something in the cart."""
        self._sessions += 1
        current_session = session(f"{self._sessions}").signed_in_as(ADMIN, at=NOW)
        full = Cart(lines=(LineQuantity(sku=SKU, quantity=1),))
        async with self.shop.container.unit_of_work() as uow:
            token = uow.sessions.create(current_session.with_content(CartContent(cart=full)))
            await uow.commit()
        return token


@pytest.fixture
def shop_with_data() -> ShopWithData:
    shop = ShopWithData()
    asyncio.run(shop.open())
    return shop


# Generating the requests takes seconds: the process that runs the test does it, and not every
# process that collects it.
@pytest.fixture
def document(shop_with_data: ShopWithData, request: pytest.FixtureRequest) -> Any:  # noqa: ANN401  It has no public type.
    """Load the shop's document for schemathesis."""
    # Schemathesis reads the attribute, which pytest has had under another name since 9.2.
    request.node._nodeid = request.node.nodeid
    schema = schemathesis.openapi.from_asgi(
        "/openapi.json", shop_with_data.shop.app, config=schemathesis.Config(seed=1)
    )
    # Each request has its own session, so none is to be made up.
    schema.config.generation.update(with_security_parameters=False)
    return schema


@settings(
    max_examples=EFFORT.requests_per_route,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@schemathesis.pytest.from_fixture("document").parametrize()
def test_api_conforms_to_its_document(
    case: "schemathesis.Case[Any]", shop_with_data: ShopWithData
) -> None:
    token = asyncio.run(shop_with_data.token())
    case.call_and_validate(headers={"Cookie": f"shop_session={token}"}, checks=CHECKS)
