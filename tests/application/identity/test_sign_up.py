"""Sign-up creates a user, an account and a session together, or none of them."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.checkout.cart import PutCartLine
from shop.application.identity.sign_up import SignUp
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, TransientFailure
from shop.domain.account import TransferKind
from shop.domain.shared.errors import InvalidValue
from shop.domain.user import EmailTaken, Role
from tests.application.memory_shop import (
    IDLE_SECONDS,
    PASSWORD,
    WELCOME_CREDIT,
    MemoryShop,
    new_token,
)
from tests.clock import FakeClock
from tests.factories import ADJUSTMENTS, NOW, eur

pytestmark = pytest.mark.anyio

ADA = SignUp(session=None, name=" Ada ", email=" Ada@Example.com", password=PASSWORD)


class TestSigningUp:
    async def test_user_account_and_session_are_created(self, shop: MemoryShop) -> None:
        done = await shop.container.sign_up_service().sign_up(ADA)

        assert (done.user.name, done.user.email) == ("Ada", "ada@example.com")
        assert (done.user.roles, done.user.enabled) == (frozenset({Role.CUSTOMER}), True)
        assert done.user.password_hash != PASSWORD
        assert (done.account.user_id, done.account.balance) == (done.user.id, eur(WELCOME_CREDIT))
        assert shop.state.users.rows == {done.user.id: done.user}
        assert shop.state.accounts.rows == {done.account.id: done.account}
        assert done.current_session.new_token is not None
        session = await shop.session(done.current_session.new_token)
        assert session is not None
        assert (session.user_id, session.signed_in_at) == (done.user.id, NOW)

    async def test_welcome_credit_is_a_transfer(self, shop: MemoryShop) -> None:
        done = await shop.container.sign_up_service().sign_up(ADA)

        (welcome,) = shop.state.transfers.rows.values()
        assert (welcome.kind, welcome.amount) == (TransferKind.WELCOME, eur(WELCOME_CREDIT))
        assert (welcome.debit_account_id, welcome.credit_account_id) == (
            ADJUSTMENTS,
            done.account.id,
        )
        assert await shop.audit_violations() == []

    async def test_anonymous_session_becomes_the_users_under_a_new_token(
        self, shop: MemoryShop
    ) -> None:
        anonymous_token = await _with_a_cart(shop)

        done = await shop.container.sign_up_service().sign_up(replace(ADA, session=anonymous_token))

        assert done.current_session.new_token not in {None, anonymous_token}
        assert await shop.session(anonymous_token) is None
        assert await shop.cart(new_token(done.current_session)) == {"TEA": 1}
        assert done.current_session.session.user_id == done.user.id

    async def test_unknown_token_is_not_adopted(self, shop: MemoryShop) -> None:
        done = await shop.container.sign_up_service().sign_up(
            replace(ADA, session="chosen by the client")
        )

        assert done.current_session.new_token != "chosen by the client"
        assert await shop.session("chosen by the client") is None
        assert len(shop.state.sessions.rows) == 1

    async def test_expired_session_is_not_reused(self, shop: MemoryShop, clock: FakeClock) -> None:
        anonymous_token = await _with_a_cart(shop)
        clock.advance(timedelta(seconds=IDLE_SECONDS))

        done = await shop.container.sign_up_service().sign_up(replace(ADA, session=anonymous_token))

        assert await shop.cart(new_token(done.current_session)) == {}
        expired = await shop.session(anonymous_token)
        assert expired is not None
        assert expired.id != done.current_session.session.id


class TestRejections:
    @pytest.mark.parametrize(
        ("command", "field"),
        [
            (replace(ADA, password="7 chars"), "password"),
            (replace(ADA, password="p" * 129), "password"),
            (replace(ADA, name="  "), "name"),
            (replace(ADA, email="ada"), "email"),
        ],
    )
    async def test_invalid_value_creates_no_user(
        self, command: SignUp, field: str, shop: MemoryShop
    ) -> None:
        before = shop.state

        with pytest.raises(InvalidValue) as rejection:
            await shop.container.sign_up_service().sign_up(command)

        assert rejection.value.field == field
        assert shop.state == before

    async def test_used_email_address_creates_no_user(self, shop: MemoryShop) -> None:
        anonymous_token = await _with_a_cart(shop)
        await shop.container.sign_up_service().sign_up(ADA)
        before = shop.state

        with pytest.raises(EmailTaken):
            await shop.container.sign_up_service().sign_up(
                replace(ADA, session=anonymous_token, name="Impostor", email="ADA@example.com ")
            )

        assert shop.state == before

    async def test_concurrent_sign_ups_with_one_email_address_create_one_user(
        self, shop: MemoryShop
    ) -> None:
        sign_up = shop.container.sign_up_service().sign_up
        outcomes = await asyncio.gather(*(sign_up(ADA) for _ in range(3)), return_exceptions=True)

        assert [type(each).__name__ for each in outcomes if isinstance(each, Exception)] == [
            "EmailTaken",
            "EmailTaken",
        ]
        assert (len(shop.state.users.rows), len(shop.state.accounts.rows)) == (1, 1)
        assert len(shop.state.sessions.rows) == 1


class TestFailures:
    @pytest.mark.parametrize("call", ["accounts.add", "transfers.add", "sessions.create", "commit"])
    async def test_failed_sign_up_leaves_no_user_account_or_session(
        self, call: str, shop: MemoryShop
    ) -> None:
        before = shop.state
        shop.faults.plan((call, RuntimeError("a bug")))

        with pytest.raises(RuntimeError, match="a bug"):
            await shop.container.sign_up_service().sign_up(ADA)

        assert shop.state == before

    async def test_failed_commit_keeps_the_anonymous_session_unchanged(
        self, shop: MemoryShop
    ) -> None:
        anonymous_token = await _with_a_cart(shop)
        before = shop.state
        shop.faults.plan(("commit", RuntimeError("a bug")))

        with pytest.raises(RuntimeError, match="a bug"):
            await shop.container.sign_up_service().sign_up(replace(ADA, session=anonymous_token))

        assert shop.state == before

    async def test_interrupted_sign_up_happens_once(self, shop: MemoryShop) -> None:
        shop.faults.plan(("commit", TransientFailure("conflict")))

        done = await shop.container.sign_up_service().sign_up(ADA)

        assert shop.state.users.rows == {done.user.id: done.user}
        assert len(shop.state.transfers.rows) == 1
        assert await shop.audit_violations() == []

    @pytest.mark.parametrize("call", ["commit", "committed"])
    async def test_sign_up_with_an_unknown_commit_outcome_is_retried_for_the_same_user(
        self, call: str, shop: MemoryShop
    ) -> None:
        shop.faults.plan((call, CommitOutcomeUnknown("connection lost")))

        done = await shop.container.sign_up_service().sign_up(ADA)

        assert shop.state.users.rows == {done.user.id: done.user}
        assert shop.state.accounts.rows == {done.account.id: done.account}
        assert len(shop.state.transfers.rows) == 1
        assert done.current_session.new_token is not None
        session = await shop.session(done.current_session.new_token)
        assert session is not None
        assert session.user_id == done.user.id
        assert await shop.audit_violations() == []


async def _with_a_cart(shop: MemoryShop) -> str:
    """Return the token of a visitor who is not signed in and has tea in the cart."""
    await shop.add_products(await shop.admin(), TEA=5)
    changed = await shop.container.cart_service().put(
        PutCartLine(session=None, sku="TEA", quantity=1)
    )
    assert changed.current_session is not None
    assert changed.current_session.new_token is not None
    return changed.current_session.new_token
