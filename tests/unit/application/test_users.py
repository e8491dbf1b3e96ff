"""Users: what the shop's operator decides about them."""

import pytest

from shop.application.ports.unit_of_work import Interrupted, OutcomeUnknown
from shop.domain.errors import RuleBroken
from shop.domain.user import Role, UserNotFound
from tests.unit.application.memory_shop import MemoryShop

pytestmark = pytest.mark.anyio


async def test_a_user_is_given_a_role(shop: MemoryShop) -> None:
    await shop.customer("ada")
    await shop.customer("bob")

    promoted = await shop.container.users().promote(" Ada@Example.com", Role.ADMIN)

    assert promoted == shop.user("ada")
    assert promoted.roles == frozenset({Role.CUSTOMER, Role.ADMIN})
    assert shop.user("bob").roles == frozenset({Role.CUSTOMER})


async def test_given_twice_it_is_one_role(shop: MemoryShop) -> None:
    await shop.customer("ada")
    await shop.container.users().promote("ada@example.com", Role.ADMIN)
    before = shop.state

    await shop.container.users().promote("ada@example.com", Role.ADMIN)

    assert shop.state == before


async def test_a_role_is_taken_from_a_user(shop: MemoryShop) -> None:
    await shop.admin()
    await shop.customer("ada")
    ada = shop.user("ada")

    demoted = await shop.container.users().demote(" Root@Example.com", Role.ADMIN)

    assert demoted == shop.user("root")
    assert demoted.roles == frozenset({Role.CUSTOMER})
    assert await shop.container.users().demote("ada@example.com", Role.ADMIN) == ada


async def test_nobody_is_nobody(shop: MemoryShop) -> None:
    await shop.customer("ada")
    before = shop.state

    with pytest.raises(UserNotFound):
        await shop.container.users().promote("bob@example.com", Role.ADMIN)
    with pytest.raises(UserNotFound):
        await shop.container.users().demote("bob@example.com", Role.ADMIN)
    with pytest.raises(RuleBroken):
        await shop.container.users().promote("bob", Role.ADMIN)

    assert shop.state == before


@pytest.mark.parametrize(
    "mishap",
    [
        ("commit", Interrupted("conflict")),
        ("commit", OutcomeUnknown("connection lost")),
        ("committed", OutcomeUnknown("connection lost")),
    ],
)
async def test_whatever_becomes_of_the_commit_the_role_is_given(
    mishap: tuple[str, Exception], shop: MemoryShop
) -> None:
    await shop.customer("ada")
    shop.mishaps.plan(mishap)

    await shop.container.users().promote("ada@example.com", Role.ADMIN)

    assert shop.user("ada").roles == frozenset({Role.CUSTOMER, Role.ADMIN})
