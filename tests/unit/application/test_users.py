"""Users: what the shop's operator decides about them."""

import pytest

from shop.application.ports.unit_of_work import CommitOutcomeUnknown, TransientFailure
from shop.domain.shared.errors import InvalidValue
from shop.domain.user import Role, UserNotFound
from tests.unit.application.memory_shop import MemoryShop

pytestmark = pytest.mark.anyio


async def test_a_user_is_given_a_role(shop: MemoryShop) -> None:
    await shop.customer("ada")
    await shop.customer("bob")

    promoted = await shop.container.role_service().grant(" Ada@Example.com", Role.ADMIN)

    assert promoted == shop.user("ada")
    assert promoted.roles == frozenset({Role.CUSTOMER, Role.ADMIN})
    assert shop.user("bob").roles == frozenset({Role.CUSTOMER})


async def test_given_twice_it_is_one_role(shop: MemoryShop) -> None:
    await shop.customer("ada")
    await shop.container.role_service().grant("ada@example.com", Role.ADMIN)
    before = shop.state

    await shop.container.role_service().grant("ada@example.com", Role.ADMIN)

    assert shop.state == before


async def test_a_role_is_taken_from_a_user(shop: MemoryShop) -> None:
    await shop.admin()
    await shop.customer("ada")
    ada = shop.user("ada")

    demoted = await shop.container.role_service().revoke(" Root@Example.com", Role.ADMIN)

    assert demoted == shop.user("root")
    assert demoted.roles == frozenset({Role.CUSTOMER})
    assert await shop.container.role_service().revoke("ada@example.com", Role.ADMIN) == ada


async def test_nobody_is_nobody(shop: MemoryShop) -> None:
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
    "mishap",
    [
        ("commit", TransientFailure("conflict")),
        ("commit", CommitOutcomeUnknown("connection lost")),
        ("committed", CommitOutcomeUnknown("connection lost")),
    ],
)
async def test_whatever_becomes_of_the_commit_the_role_is_given(
    mishap: tuple[str, Exception], shop: MemoryShop
) -> None:
    await shop.customer("ada")
    shop.mishaps.plan(mishap)

    await shop.container.role_service().grant("ada@example.com", Role.ADMIN)

    assert shop.user("ada").roles == frozenset({Role.CUSTOMER, Role.ADMIN})
