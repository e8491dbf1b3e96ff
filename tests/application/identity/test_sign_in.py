"""Sign-in gives a session a new token, and takes over the cart."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.checkout.cart import PutCartLine
from shop.application.identity.sign_in import SignIn
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, TransientFailure
from shop.domain.session import Session
from shop.domain.user import InvalidCredentials
from tests.application.memory_shop import (
    IDLE_SECONDS,
    PASSWORD,
    MemoryShop,
    new_token,
    place_order,
    set_preferences,
)
from tests.clock import FakeClock
from tests.doubles import CURRENT_PREFIX, OUTDATED_PREFIX
from tests.factories import NOW

pytestmark = pytest.mark.anyio

SIGN_IN = SignIn(session=None, email="ada@example.com", password=PASSWORD)


@pytest.fixture
async def ada_token(shop: MemoryShop) -> SessionToken:
    return await shop.customer("ada")


async def _session(shop: MemoryShop, token: SessionToken) -> Session:
    session = await shop.session(token)
    assert session is not None
    return session


class TestSigningIn:
    async def test_session_belongs_to_the_user_under_a_new_token(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        current_session = await shop.container.sign_in_service().sign_in(SIGN_IN)

        assert current_session.user == shop.user("ada")
        assert new_token(current_session) != ada_token
        session = await shop.current_session(current_session)
        assert (session.user_id, session.roles) == (shop.user("ada").id, shop.user("ada").roles)
        assert session.signed_in_at == NOW
        assert await shop.session(ada_token) is not None

    async def test_visitors_cart_becomes_the_customers_and_preferences_are_kept(
        self, shop: MemoryShop
    ) -> None:
        await shop.add_products(await shop.admin(), TEA=5)
        await shop.customer("ada")
        anonymous_token = new_token(await set_preferences(shop, None, {"theme": "dark"}))
        put = PutCartLine(session=anonymous_token, sku="TEA", quantity=2)
        await shop.container.cart_service().put(put)

        current_session = await shop.container.sign_in_service().sign_in(
            replace(SIGN_IN, session=anonymous_token)
        )

        assert await shop.session(anonymous_token) is None
        session = await shop.current_session(current_session)
        assert (session.cart.is_empty, session.preferences) == (True, {"theme": "dark"})
        assert await shop.cart(new_token(current_session)) == {"TEA": 2}

    async def test_lifetime_starts_at_sign_in(self, shop: MemoryShop, clock: FakeClock) -> None:
        await shop.customer("ada")
        anonymous_token = new_token(await set_preferences(shop, None, {"theme": "dark"}))
        clock.advance(timedelta(seconds=IDLE_SECONDS - 1))

        current_session = await shop.container.sign_in_service().sign_in(
            replace(SIGN_IN, session=anonymous_token)
        )

        session = await shop.current_session(current_session)
        assert (session.created_at, session.last_seen_at) == (clock.now(), clock.now())

    async def test_last_order_of_the_user_is_kept_and_that_of_another_is_not(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.add_products(await shop.admin(), TEA=5)
        await shop.customer("bob")
        order = (await shop.place(place_order(ada_token, ("TEA", 1)))).order

        mine = await shop.sign_in("ada", ada_token)
        assert (await _session(shop, mine)).last_order_id == order.id

        bob_token = await shop.sign_in("bob", mine)
        assert (await _session(shop, bob_token)).last_order_id is None
        assert await shop.session(mine) is None
        assert await shop.audit_violations() == []

    async def test_cart_and_preferences_of_another_user_are_not_kept(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.add_products(await shop.admin(), TEA=5)
        await shop.customer("bob")
        await shop.fill_cart(ada_token, TEA=2)
        await set_preferences(shop, ada_token, {"theme": "dark"})

        bob_token = await shop.sign_in("bob", ada_token)

        assert await shop.cart(bob_token) == {}
        assert (await _session(shop, bob_token)).preferences == {}
        assert await shop.cart(await shop.sign_in("ada")) == {"TEA": 2}
        assert await shop.session(ada_token) is None

    @pytest.mark.parametrize(
        "command",
        [
            replace(SIGN_IN, password="a wrong one"),
            replace(SIGN_IN, password=""),
            replace(SIGN_IN, email="bob@example.com"),
            replace(SIGN_IN, email="not an address"),
        ],
        ids=["wrong password", "no password", "unknown address", "no address"],
    )
    async def test_wrong_credentials_change_nothing(
        self, command: SignIn, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        before = shop.state

        with pytest.raises(InvalidCredentials):
            await shop.container.sign_in_service().sign_in(replace(command, session=ada_token))

        assert shop.state == before

    async def test_disabled_user_cannot_sign_in(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.save_user(replace(shop.user("ada"), enabled=False))
        before = shop.state

        with pytest.raises(InvalidCredentials):
            await shop.container.sign_in_service().sign_in(replace(SIGN_IN, session=ada_token))

        assert shop.state == before

    async def test_password_is_never_truncated(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        del ada_token
        longest = "p" * 128
        await shop.save_user(shop.user("ada").with_password_hash(CURRENT_PREFIX + longest))
        before = shop.state

        for longer in (longest + "p", longest + "p" * 999):
            with pytest.raises(InvalidCredentials):
                await shop.container.sign_in_service().sign_in(replace(SIGN_IN, password=longer))

        assert shop.state == before
        await shop.container.sign_in_service().sign_in(replace(SIGN_IN, password=longest))

    async def test_outdated_hash_is_renewed(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        del ada_token
        await shop.save_user(shop.user("ada").with_password_hash(OUTDATED_PREFIX + PASSWORD))

        with pytest.raises(InvalidCredentials):
            await shop.container.sign_in_service().sign_in(replace(SIGN_IN, password="a wrong one"))
        assert shop.user("ada").password_hash == OUTDATED_PREFIX + PASSWORD

        await shop.container.sign_in_service().sign_in(SIGN_IN)
        assert shop.user("ada").password_hash == CURRENT_PREFIX + PASSWORD

    async def test_expired_session_is_not_reused(
        self, shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
    ) -> None:
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        before = await _session(shop, ada_token)

        current_session = await shop.container.sign_in_service().sign_in(
            replace(SIGN_IN, session=ada_token)
        )

        assert current_session.session.id != before.id
        assert await _session(shop, ada_token) == before

    async def test_failed_commit_keeps_the_session_unchanged(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        before = shop.state
        shop.faults.plan(("commit", RuntimeError("a bug")))

        with pytest.raises(RuntimeError, match="a bug"):
            await shop.container.sign_in_service().sign_in(replace(SIGN_IN, session=ada_token))

        assert shop.state == before

    @pytest.mark.parametrize(
        "fault",
        [
            ("commit", TransientFailure("conflict")),
            ("commit", CommitOutcomeUnknown("connection lost")),
            ("committed", CommitOutcomeUnknown("connection lost")),
        ],
    )
    async def test_token_is_valid_whatever_the_commit_outcome(
        self, fault: tuple[str, Exception], shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await set_preferences(shop, ada_token, {"theme": "dark"})
        shop.faults.plan(fault)

        current_session = await shop.container.sign_in_service().sign_in(
            replace(SIGN_IN, session=ada_token)
        )

        session = await shop.current_session(current_session)
        assert (session.user_id, session.preferences) == (shop.user("ada").id, {"theme": "dark"})
        assert await shop.session(ada_token) is None
        assert len(shop.state.sessions.rows) == 1
