"""Signing in and out: a session changes its token, and dies for good."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.checkout.cart import PutCartLine
from shop.application.identity.sessions import SignIn
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, TransientFailure
from shop.domain.session import Session
from shop.domain.user import InvalidCredentials
from tests.clock import ScriptedClock
from tests.doubles import CURRENT, FORMER
from tests.factories import NOW
from tests.unit.application.memory_shop import (
    IDLE_SECONDS,
    PASSWORD,
    MemoryShop,
    issued,
    place_order,
    preferring,
)

pytestmark = pytest.mark.anyio

SIGN_IN = SignIn(session=None, email="ada@example.com", password=PASSWORD)


@pytest.fixture
async def adas(shop: MemoryShop) -> SessionToken:
    return await shop.customer("ada")


async def _session(shop: MemoryShop, token: SessionToken) -> Session:
    session = await shop.session(token)
    assert session is not None
    return session


class TestSigningIn:
    async def test_the_session_is_the_users_under_a_new_token(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        visit = await shop.container.session_service().sign_in(SIGN_IN)

        assert visit.user == shop.user("ada")
        assert issued(visit) != adas
        session = await shop.held(visit)
        assert (session.user_id, session.roles) == (shop.user("ada").id, shop.user("ada").roles)
        assert session.signed_in_at == NOW
        assert await shop.session(adas) is not None

    async def test_the_visitors_cart_and_preferences_come_along(self, shop: MemoryShop) -> None:
        await shop.stock(await shop.admin(), TEA=5)
        await shop.customer("ada")
        visitors = issued(await preferring(shop, None, {"theme": "dark"}))
        put = PutCartLine(session=visitors, sku="TEA", quantity=2)
        await shop.container.cart_service().put(put)

        visit = await shop.container.session_service().sign_in(replace(SIGN_IN, session=visitors))

        assert await shop.session(visitors) is None
        session = await shop.held(visit)
        assert [(line.sku, line.quantity) for line in session.cart.lines] == [("TEA", 2)]
        assert session.preferences == {"theme": "dark"}

    async def test_it_lives_from_now_on(self, shop: MemoryShop, clock: ScriptedClock) -> None:
        await shop.customer("ada")
        visitors = issued(await preferring(shop, None, {"theme": "dark"}))
        clock.advance(timedelta(seconds=IDLE_SECONDS - 1))

        visit = await shop.container.session_service().sign_in(replace(SIGN_IN, session=visitors))

        session = await shop.held(visit)
        assert (session.created_at, session.last_seen_at) == (clock.now(), clock.now())

    async def test_ones_own_order_stays_with_the_session_and_anothers_never_does(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await shop.stock(await shop.admin(), TEA=5)
        await shop.customer("bob")
        order = (await shop.placed(place_order(adas, ("TEA", 1)))).order

        mine = await shop.sign_in("ada", adas)
        assert (await _session(shop, mine)).last_order_id == order.id

        bobs = await shop.sign_in("bob", mine)
        assert (await _session(shop, bobs)).last_order_id is None
        assert await shop.session(mine) is None
        assert await shop.findings() == []

    async def test_what_another_user_has_chosen_does_not_come_along(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await shop.stock(await shop.admin(), TEA=5)
        await shop.customer("bob")
        await shop.fill_cart(adas, TEA=2)
        await preferring(shop, adas, {"theme": "dark"})

        bobs = await _session(shop, await shop.sign_in("bob", adas))

        assert (bobs.cart.is_empty, bobs.preferences) == (True, {})
        assert await shop.session(adas) is None

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
        self, command: SignIn, shop: MemoryShop, adas: SessionToken
    ) -> None:
        before = shop.state

        with pytest.raises(InvalidCredentials):
            await shop.container.session_service().sign_in(replace(command, session=adas))

        assert shop.state == before

    async def test_a_disabled_user_cannot_sign_in(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await shop.change(replace(shop.user("ada"), enabled=False))
        before = shop.state

        with pytest.raises(InvalidCredentials):
            await shop.container.session_service().sign_in(replace(SIGN_IN, session=adas))

        assert shop.state == before

    async def test_a_password_is_never_cut(self, shop: MemoryShop, adas: SessionToken) -> None:
        del adas
        longest = "p" * 128
        await shop.change(shop.user("ada").with_password_hash(CURRENT + longest))
        before = shop.state

        for longer in (longest + "p", longest + "p" * 999):
            with pytest.raises(InvalidCredentials):
                await shop.container.session_service().sign_in(replace(SIGN_IN, password=longer))

        assert shop.state == before
        await shop.container.session_service().sign_in(replace(SIGN_IN, password=longest))

    async def test_an_outdated_hash_is_renewed(self, shop: MemoryShop, adas: SessionToken) -> None:
        del adas
        await shop.change(shop.user("ada").with_password_hash(FORMER + PASSWORD))

        with pytest.raises(InvalidCredentials):
            await shop.container.session_service().sign_in(replace(SIGN_IN, password="a wrong one"))
        assert shop.user("ada").password_hash == FORMER + PASSWORD

        await shop.container.session_service().sign_in(SIGN_IN)
        assert shop.user("ada").password_hash == CURRENT + PASSWORD

    async def test_an_expired_session_is_left_behind(
        self, shop: MemoryShop, adas: SessionToken, clock: ScriptedClock
    ) -> None:
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        before = await _session(shop, adas)

        visit = await shop.container.session_service().sign_in(replace(SIGN_IN, session=adas))

        assert visit.session.id != before.id
        assert await _session(shop, adas) == before

    async def test_a_failing_commit_leaves_the_session_as_it_was(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        before = shop.state
        shop.mishaps.plan(("commit", RuntimeError("a bug")))

        with pytest.raises(RuntimeError, match="a bug"):
            await shop.container.session_service().sign_in(replace(SIGN_IN, session=adas))

        assert shop.state == before

    @pytest.mark.parametrize(
        "mishap",
        [
            ("commit", TransientFailure("conflict")),
            ("commit", CommitOutcomeUnknown("connection lost")),
            ("committed", CommitOutcomeUnknown("connection lost")),
        ],
    )
    async def test_whatever_becomes_of_the_commit_the_token_that_is_given_holds(
        self, mishap: tuple[str, Exception], shop: MemoryShop, adas: SessionToken
    ) -> None:
        await preferring(shop, adas, {"theme": "dark"})
        shop.mishaps.plan(mishap)

        visit = await shop.container.session_service().sign_in(replace(SIGN_IN, session=adas))

        session = await shop.held(visit)
        assert (session.user_id, session.preferences) == (shop.user("ada").id, {"theme": "dark"})
        assert await shop.session(adas) is None
        assert len(shop.state.sessions.rows) == 1


class TestSigningOut:
    async def test_the_session_is_dead_for_good(self, shop: MemoryShop, adas: SessionToken) -> None:
        elsewhere = await shop.sign_in("ada")

        await shop.container.session_service().sign_out(adas)

        assert await shop.session(adas) is None
        assert await shop.container.session_service().authenticate(adas) is None
        assert await shop.session(elsewhere) is not None

    @pytest.mark.parametrize("token", [None, "never issued"])
    async def test_nothing_to_end_ends_nothing(
        self, token: SessionToken | None, shop: MemoryShop, adas: SessionToken
    ) -> None:
        del adas
        before = shop.state

        await shop.container.session_service().sign_out(token)

        assert shop.state == before

    async def test_an_expired_session_can_be_ended_and_a_dead_one_again(
        self, shop: MemoryShop, adas: SessionToken, clock: ScriptedClock
    ) -> None:
        clock.advance(timedelta(seconds=IDLE_SECONDS))

        await shop.container.session_service().sign_out(adas)
        await shop.container.session_service().sign_out(adas)

        assert shop.state.sessions.rows == {}

    async def test_no_request_beside_it_brings_it_back(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await shop.stock(await shop.admin(), TEA=5)
        carts, sessions = shop.container.cart_service(), shop.container.session_service()
        put = PutCartLine(session=adas, sku="TEA", quantity=1)

        await asyncio.gather(
            carts.put(put), sessions.sign_out(adas), carts.clear(adas), sessions.authenticate(adas)
        )

        assert await shop.session(adas) is None
