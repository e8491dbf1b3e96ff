"""Users: what the shop's operator decides about them."""

import pytest

from shop.application.ports.unit_of_work import CommitOutcomeUnknown, TransientFailure
from shop.domain.shared.errors import InvalidValue
from shop.domain.user import Role, UserNotFound
from tests.application.memory_shop import MemoryShop

pytestmark = pytest.mark.anyio


async def test_role_is_granted(shop: MemoryShop) -> None:
    await shop.customer("ada")
    await shop.customer("bob")

    promoted = await shop.container.role_service().grant(" Ada@Example.com", Role.ADMIN)

    assert promoted == shop.user("ada")
    assert promoted.roles == frozenset({Role.CUSTOMER, Role.ADMIN})
    assert shop.user("bob").roles == frozenset({Role.CUSTOMER})


async def test_role_granted_twice_is_one_role(shop: MemoryShop) -> None:
    await shop.customer("ada")
    await shop.container.role_service().grant("ada@example.com", Role.ADMIN)
    before = shop.state

    await shop.container.role_service().grant("ada@example.com", Role.ADMIN)

    assert shop.state == before


async def test_role_is_revoked(shop: MemoryShop) -> None:
    await shop.admin()
    await shop.customer("ada")
    ada = shop.user("ada")

    demoted = await shop.container.role_service().revoke(" Root@Example.com", Role.ADMIN)

    assert demoted == shop.user("root")
    assert demoted.roles == frozenset({Role.CUSTOMER})
    assert await shop.container.role_service().revoke("ada@example.com", Role.ADMIN) == ada


async def test_unknown_email_address_is_reported(shop: MemoryShop) -> None:
    await shop.customer("ada")
    before = shop.state

    with pytest.raises(UserNotFound):
        await shop.container.role_service().grant("bob@example.com", Role.ADMIN)
    with pytest.raises(UserNotFound):
        await shop.container.role_service().revoke("bob@example.com", Role.ADMIN)
    with pytest.raises(InvalidValue):
        await shop.container.role_service().grant("bob", Role.ADMIN)

    assert shop.state == before


@pytest.mark.parametrize(
    "fault",
    [
        ("commit", TransientFailure("conflict")),
        ("commit", CommitOutcomeUnknown("connection lost")),
        ("committed", CommitOutcomeUnknown("connection lost")),
    ],
)
async def test_role_is_granted_once_whatever_the_commit_outcome(
    fault: tuple[str, Exception], shop: MemoryShop
) -> None:
    await shop.customer("ada")
    shop.faults.plan(fault)

    await shop.container.role_service().grant("ada@example.com", Role.ADMIN)

    assert shop.user("ada").roles == frozenset({Role.CUSTOMER, Role.ADMIN})
