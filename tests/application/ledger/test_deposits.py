"""Money comes from a card into an account once, or not at all."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shop.adapters.memory.payment_gateway import ScriptedResult
from shop.application.idempotency.results import IdempotencyKeyReused
from shop.application.ledger.deposits import MakeDeposit
from shop.application.ports.payment_gateway import GatewayPayment
from shop.application.ports.repositories.idempotency_keys import Rejected
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, DatabaseUnavailable
from shop.domain.account import BalanceTooLarge
from shop.domain.deposit import Deposit, DepositNotFound
from shop.domain.payment import CardDeclined, PaymentExpired, PaymentStatus
from shop.domain.session import NotSignedIn
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import MAX_AMOUNT, Currency, Money
from tests.application.memory_shop import PENDING_PAYMENT_SECONDS, WELCOME_CREDIT, MemoryShop
from tests.factories import NOW, eur, id_of

pytestmark = pytest.mark.anyio

PENDING_PAYMENT_TIMEOUT = timedelta(seconds=PENDING_PAYMENT_SECONDS)
A_WHILE = timedelta(seconds=30)
A_YEAR = timedelta(days=365)


@pytest.fixture
async def ada_token(shop: MemoryShop) -> AsyncIterator[SessionToken]:
    """Yield the token of the customer Ada, and audit the shop after the test."""
    yield await shop.customer("ada")
    assert await shop.audit_violations() == []


def _command(
    token: SessionToken | None,
    card: str = "tok_visa",
    amount: Money | None = None,
    key: str = "key-0001",
) -> MakeDeposit:
    return MakeDeposit(session=token, key=key, amount=amount or eur(300), card=card)


async def _deposit(shop: MemoryShop, token: SessionToken, card: str = "tok_visa") -> Deposit:
    return (await shop.container.deposit_service().make(_command(token, card))).unwrap()


async def _at_gateway(shop: MemoryShop) -> GatewayPayment:
    (payment,) = [each async for each in shop.gateway.list_payments(NOW - A_YEAR, NOW + A_YEAR)]
    return payment


def _status(shop: MemoryShop) -> PaymentStatus:
    (deposit,) = shop.state.deposits.rows.values()
    return deposit.status


async def test_approved_card_credits_the_account(shop: MemoryShop, ada_token: SessionToken) -> None:
    deposited = await _deposit(shop, ada_token)

    assert (deposited.status, deposited.amount) == (PaymentStatus.AUTHORISED, eur(300))
    assert shop.balance("ada") == WELCOME_CREDIT + 300
    assert shop.jobs == ["capture_deposit"]
    await shop.run_jobs()
    assert (await _at_gateway(shop)).is_captured
    assert (_status(shop), shop.jobs) == (PaymentStatus.CAPTURED, [])


async def test_repeated_deposit_is_replayed_and_happens_once(
    shop: MemoryShop, ada_token: SessionToken
) -> None:
    first = await _deposit(shop, ada_token)
    await shop.run_jobs()
    again = await shop.container.deposit_service().make(_command(ada_token))

    assert (again.value, again.replayed) == (first, True)
    assert shop.balance("ada") == WELCOME_CREDIT + 300


async def test_concurrent_requests_deposit_once(shop: MemoryShop, ada_token: SessionToken) -> None:
    deposits = await asyncio.gather(*(_deposit(shop, ada_token) for _ in range(20)))

    assert {each.id for each in deposits} == {deposits[0].id}
    assert shop.balance("ada") == WELCOME_CREDIT + 300
    await _at_gateway(shop)


async def test_declined_card_keeps_the_account_unchanged(
    shop: MemoryShop, ada_token: SessionToken
) -> None:
    for _ in range(2):
        with pytest.raises(CardDeclined):
            await _deposit(shop, ada_token, "tok_insufficient")
    assert shop.balance("ada") == WELCOME_CREDIT
    assert shop.outcome("ada") == Rejected(error=CardDeclined(reason="insufficient_funds"))
    assert (_status(shop), shop.jobs) == (PaymentStatus.DECLINED, [])
    assert shop.gateway.calls.total() == 1


@pytest.mark.parametrize("card", ["tok_timeout_before", "tok_timeout_after", "tok_error"])
async def test_deposit_without_a_gateway_response_is_resolved_by_the_worker(
    shop: MemoryShop, ada_token: SessionToken, card: str
) -> None:
    deposited = await _deposit(shop, ada_token, card)
    assert deposited.status is PaymentStatus.PENDING
    assert (shop.balance("ada"), shop.jobs) == (WELCOME_CREDIT, ["resolve_deposit"])

    shop.clock.advance(A_WHILE)
    await shop.run_jobs()
    await shop.run_jobs()

    assert shop.balance("ada") == WELCOME_CREDIT + 300
    assert (_status(shop), shop.jobs) == (PaymentStatus.CAPTURED, [])
    assert (await _deposit(shop, ada_token, card)).id == deposited.id


async def test_expired_deposit_is_closed_and_reversed(
    shop: MemoryShop, ada_token: SessionToken
) -> None:
    await _deposit(shop, ada_token, "tok_authenticate")
    shop.clock.advance(PENDING_PAYMENT_TIMEOUT)
    await shop.run_jobs()
    await shop.run_jobs()

    assert (_status(shop), shop.jobs) == (PaymentStatus.VOIDED, [])
    assert (await _at_gateway(shop)).is_voided
    assert shop.balance("ada") == WELCOME_CREDIT
    with pytest.raises(PaymentExpired):
        await _deposit(shop, ada_token, "tok_authenticate")


@pytest.mark.parametrize("place", ["commit", "committed"])
@pytest.mark.parametrize("nth", [0, 1, 2])
async def test_deposit_happens_once_whichever_commit_outcome_is_unknown(
    shop: MemoryShop, ada_token: SessionToken, place: str, nth: int
) -> None:
    fine = [("never", CommitOutcomeUnknown())] * nth
    shop.faults.plan(*fine, (place, CommitOutcomeUnknown("no answer")))

    deposited = await _deposit(shop, ada_token)

    assert deposited.status is PaymentStatus.AUTHORISED
    await shop.run_jobs()
    assert (shop.balance("ada"), _status(shop)) == (WELCOME_CREDIT + 300, PaymentStatus.CAPTURED)


@pytest.mark.parametrize("nth", [1, 2])
async def test_deposit_that_was_begun_is_not_reported_as_unchanged(
    shop: MemoryShop, ada_token: SessionToken, nth: int
) -> None:
    fine = [("never", DatabaseUnavailable())] * nth
    shop.faults.plan(*fine, ("enter", DatabaseUnavailable("gone")))

    with pytest.raises(CommitOutcomeUnknown):
        await _deposit(shop, ada_token)

    assert len(shop.state.deposits.rows) == 1
    assert (await _deposit(shop, ada_token)).status is PaymentStatus.AUTHORISED
    assert len(shop.state.deposits.rows) == 1


async def test_capture_with_a_lost_response_happens_once(
    shop: MemoryShop, ada_token: SessionToken
) -> None:
    await _deposit(shop, ada_token)
    shop.gateway.script(ScriptedResult.TIMEOUT_AFTER)
    await shop.run_jobs()
    assert (_status(shop), shop.jobs) == (PaymentStatus.CAPTURED, [])
    assert (await _at_gateway(shop)).is_captured


async def test_different_request_under_the_same_key_is_rejected(
    shop: MemoryShop, ada_token: SessionToken
) -> None:
    await _deposit(shop, ada_token)
    with pytest.raises(IdempotencyKeyReused):
        await _deposit(shop, ada_token, "tok_declined")
    assert shop.balance("ada") == WELCOME_CREDIT + 300


@pytest.mark.parametrize("amount", [eur(0), eur(-1), Money(amount=300, currency=Currency("USD"))])
async def test_invalid_amount_changes_nothing(
    shop: MemoryShop, ada_token: SessionToken, amount: Money
) -> None:
    before = shop.state
    with pytest.raises(InvalidValue):
        await shop.container.deposit_service().make(_command(ada_token, amount=amount))
    assert shop.state == before


async def test_deposit_beyond_the_balance_limit_is_never_authorised(
    shop: MemoryShop, ada_token: SessionToken
) -> None:
    reply = await shop.container.deposit_service().make(_command(ada_token, amount=eur(MAX_AMOUNT)))
    assert reply.value == BalanceTooLarge()
    assert (shop.state.deposits.rows, shop.gateway.calls.total()) == ({}, 0)


async def test_deposit_that_exceeds_the_balance_limit_meanwhile_is_reversed(
    shop: MemoryShop, ada_token: SessionToken
) -> None:
    deposits, most = shop.container.deposit_service(), eur(MAX_AMOUNT - WELCOME_CREDIT)
    await deposits.make(_command(ada_token, "tok_timeout_after", most))
    await deposits.make(_command(ada_token, amount=eur(1), key="key-0002"))

    shop.clock.advance(A_WHILE)
    while await shop.run_jobs():
        pass

    assert shop.balance("ada") == WELCOME_CREDIT + 1
    assert shop.outcome("ada") == Rejected(error=BalanceTooLarge())
    payments = [each async for each in shop.gateway.list_payments(NOW - A_YEAR, NOW + A_YEAR)]
    assert [(each.amount, each.is_voided) for each in payments] == [(most, True), (eur(1), False)]
    assert shop.jobs == []


async def test_deposit_requires_a_signed_in_user(shop: MemoryShop, ada_token: SessionToken) -> None:
    del ada_token
    before = shop.state
    with pytest.raises(NotSignedIn):
        await shop.container.deposit_service().make(_command(None))
    assert shop.state == before


async def test_customers_see_their_own_deposits(shop: MemoryShop, ada_token: SessionToken) -> None:
    deposited = await _deposit(shop, ada_token)
    await shop.customer("bob")
    deposits = shop.container.deposit_service()

    assert (await deposits.show(shop.user("ada"), deposited.id)).id == deposited.id
    for user, deposit_id in ((shop.user("bob"), deposited.id), (shop.user("ada"), id_of("none"))):
        with pytest.raises(DepositNotFound):
            await deposits.show(user, deposit_id)
