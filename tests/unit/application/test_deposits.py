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
from shop.application.ports.unit_of_work import CommitOutcomeUnknown
from shop.domain.account import BalanceTooLarge
from shop.domain.deposit import Deposit, DepositNotFound
from shop.domain.payment import CardDeclined, PaymentExpired, PaymentStatus
from shop.domain.session import NotSignedIn
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import MAX_AMOUNT, Currency, Money
from tests.factories import NOW, an_id, eur
from tests.unit.application.memory_shop import HOLD_SECONDS, WELCOME, MemoryShop

pytestmark = pytest.mark.anyio

HOLD = timedelta(seconds=HOLD_SECONDS)
A_WHILE = timedelta(seconds=30)
A_YEAR = timedelta(days=365)


@pytest.fixture
async def adas(shop: MemoryShop) -> AsyncIterator[SessionToken]:
    """Give Ada's token; look into the books at the end."""
    yield await shop.customer("ada")
    assert await shop.findings() == []


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


async def test_an_approved_card_fills_the_account(shop: MemoryShop, adas: SessionToken) -> None:
    made = await _deposit(shop, adas)

    assert (made.status, made.amount) == (PaymentStatus.AUTHORISED, eur(300))
    assert shop.balance("ada") == WELCOME + 300
    assert shop.jobs == ["capture_deposit"]
    await shop.work()
    assert (await _at_gateway(shop)).is_captured
    assert (_status(shop), shop.jobs) == (PaymentStatus.CAPTURED, [])


async def test_it_is_answered_alike_and_happens_once(shop: MemoryShop, adas: SessionToken) -> None:
    first = await _deposit(shop, adas)
    await shop.work()
    again = await shop.container.deposit_service().make(_command(adas))

    assert (again.value, again.replayed) == (first, True)
    assert shop.balance("ada") == WELCOME + 300


async def test_many_requests_at_once_are_one(shop: MemoryShop, adas: SessionToken) -> None:
    made = await asyncio.gather(*(_deposit(shop, adas) for _ in range(20)))

    assert {each.id for each in made} == {made[0].id}
    assert shop.balance("ada") == WELCOME + 300
    await _at_gateway(shop)


async def test_a_declined_card_leaves_the_account_as_it_was(
    shop: MemoryShop, adas: SessionToken
) -> None:
    for _ in range(2):
        with pytest.raises(CardDeclined):
            await _deposit(shop, adas, "tok_insufficient")
    assert shop.balance("ada") == WELCOME
    assert shop.outcome("ada") == Rejected(error=CardDeclined(reason="insufficient_funds"))
    assert (_status(shop), shop.jobs) == (PaymentStatus.DECLINED, [])
    assert shop.gateway.calls.total() == 1


@pytest.mark.parametrize("card", ["tok_timeout_before", "tok_timeout_after", "tok_error"])
async def test_a_silent_gateway_is_asked_again_by_the_worker(
    shop: MemoryShop, adas: SessionToken, card: str
) -> None:
    made = await _deposit(shop, adas, card)
    assert made.status is PaymentStatus.PENDING
    assert (shop.balance("ada"), shop.jobs) == (WELCOME, ["resolve_deposit"])

    shop.clock.advance(A_WHILE)
    await shop.work()
    await shop.work()

    assert shop.balance("ada") == WELCOME + 300
    assert (_status(shop), shop.jobs) == (PaymentStatus.CAPTURED, [])
    assert (await _deposit(shop, adas, card)).id == made.id


async def test_a_deposit_that_nobody_answers_for_is_given_up_and_given_back(
    shop: MemoryShop, adas: SessionToken
) -> None:
    await _deposit(shop, adas, "tok_authenticate")
    shop.clock.advance(HOLD)
    await shop.work()
    await shop.work()

    assert (_status(shop), shop.jobs) == (PaymentStatus.VOIDED, [])
    assert (await _at_gateway(shop)).is_voided
    assert shop.balance("ada") == WELCOME
    with pytest.raises(PaymentExpired):
        await _deposit(shop, adas, "tok_authenticate")


@pytest.mark.parametrize("place", ["commit", "committed"])
@pytest.mark.parametrize("nth", [0, 1, 2])
async def test_it_happens_once_whichever_commit_is_not_answered(
    shop: MemoryShop, adas: SessionToken, place: str, nth: int
) -> None:
    fine = [("never", CommitOutcomeUnknown())] * nth
    shop.mishaps.plan(*fine, (place, CommitOutcomeUnknown("no answer")))

    made = await _deposit(shop, adas)

    assert made.status is PaymentStatus.AUTHORISED
    await shop.work()
    assert (shop.balance("ada"), _status(shop)) == (WELCOME + 300, PaymentStatus.CAPTURED)


async def test_a_capture_whose_answer_is_lost_happens_once(
    shop: MemoryShop, adas: SessionToken
) -> None:
    await _deposit(shop, adas)
    shop.gateway.script(ScriptedResult.TIMEOUT_AFTER)
    await shop.work()
    assert (_status(shop), shop.jobs) == (PaymentStatus.CAPTURED, [])
    assert (await _at_gateway(shop)).is_captured


async def test_another_request_under_the_key_is_refused(
    shop: MemoryShop, adas: SessionToken
) -> None:
    await _deposit(shop, adas)
    with pytest.raises(IdempotencyKeyReused):
        await _deposit(shop, adas, "tok_declined")
    assert shop.balance("ada") == WELCOME + 300


@pytest.mark.parametrize("amount", [eur(0), eur(-1), Money(amount=300, currency=Currency("USD"))])
async def test_bad_amounts_change_nothing(
    shop: MemoryShop, adas: SessionToken, amount: Money
) -> None:
    before = shop.state
    with pytest.raises(InvalidValue):
        await shop.container.deposit_service().make(_command(adas, amount=amount))
    assert shop.state == before


async def test_more_than_an_account_holds_is_never_asked_of_a_card(
    shop: MemoryShop, adas: SessionToken
) -> None:
    reply = await shop.container.deposit_service().make(_command(adas, amount=eur(MAX_AMOUNT)))
    assert str(reply.value) == "A balance is at most 1000000000000000 minor units."
    assert (shop.state.deposits.rows, shop.gateway.calls.total()) == ({}, 0)


async def test_what_an_account_cannot_hold_any_more_goes_back_to_the_card(
    shop: MemoryShop, adas: SessionToken
) -> None:
    deposits, most = shop.container.deposit_service(), eur(MAX_AMOUNT - WELCOME)
    await deposits.make(_command(adas, "tok_timeout_after", most))
    await deposits.make(_command(adas, amount=eur(1), key="key-0002"))

    shop.clock.advance(A_WHILE)
    while await shop.work():
        pass

    assert shop.balance("ada") == WELCOME + 1
    assert shop.outcome("ada") == Rejected(error=BalanceTooLarge())
    books = [each async for each in shop.gateway.list_payments(NOW - A_YEAR, NOW + A_YEAR)]
    assert [(each.amount, each.is_voided) for each in books] == [(most, True), (eur(1), False)]
    assert shop.jobs == []


async def test_nobody_deposits_unless_signed_in(shop: MemoryShop, adas: SessionToken) -> None:
    del adas
    before = shop.state
    with pytest.raises(NotSignedIn):
        await shop.container.deposit_service().make(_command(None))
    assert shop.state == before


async def test_customers_see_their_own_deposits(shop: MemoryShop, adas: SessionToken) -> None:
    made = await _deposit(shop, adas)
    await shop.customer("bob")
    deposits = shop.container.deposit_service()

    assert (await deposits.show(shop.user("ada"), made.id)).id == made.id
    for user, deposit_id in ((shop.user("bob"), made.id), (shop.user("ada"), an_id("none"))):
        with pytest.raises(DepositNotFound):
            await deposits.show(user, deposit_id)
