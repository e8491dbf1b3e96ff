"""Payments that are made in a word, and what is to be seen of them."""

from datetime import datetime, timedelta

from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    AuthorisationRequest,
    AuthorisationResult,
    GatewayPayment,
    PaymentGateway,
)
from tests.factories import NOW, an_id, eur

VISA = "tok_visa"


def a_wish(
    name: str = "1", /, token: str = VISA, amount: int = 500, key: str = ""
) -> AuthorisationRequest:
    return AuthorisationRequest(
        key=key or f"shop:{name}:auth:1", reference=an_id(name), amount=eur(amount), token=token
    )


async def approve(gateway: PaymentGateway, name: str = "1", amount: int = 500) -> str:
    verdict = await gateway.authorise(a_wish(name, amount=amount))
    assert isinstance(verdict, Approved)
    return verdict.payment_id


async def challenge(gateway: PaymentGateway, name: str = "1") -> str:
    verdict = await gateway.authorise(a_wish(name, "tok_authenticate"))
    assert isinstance(verdict, ActionRequired)
    return verdict.payment_id


async def capture(gateway: PaymentGateway, name: str = "1", amount: int = 500) -> str:
    payment_id = await approve(gateway, name, amount)
    await gateway.capture(key=f"shop:{name}:capture", payment_id=payment_id, amount=eur(amount))
    return payment_id


async def find(gateway: PaymentGateway, name: str = "1") -> GatewayPayment:
    payment = await gateway.find_payment(an_id(name))
    assert payment is not None
    return payment


async def made_within(
    gateway: PaymentGateway, since: datetime, until: datetime
) -> list[GatewayPayment]:
    return [each async for each in gateway.list_payments(since, until)]


async def all_made(gateway: PaymentGateway) -> list[GatewayPayment]:
    return await made_within(gateway, NOW, NOW + timedelta(days=9))


def a_payment(
    name: str, payment_id: str, verdict: AuthorisationResult, **changes: object
) -> GatewayPayment:
    facts: dict[str, object] = {
        "id": payment_id,
        "reference": an_id(name),
        "amount": eur(500),
        "authorisation_result": verdict,
        "is_captured": False,
        "is_voided": False,
        "refunded": eur(0),
        "created_at": NOW,
    }
    return GatewayPayment(**{**facts, **changes})  # type: ignore[arg-type]  # The test says which.
