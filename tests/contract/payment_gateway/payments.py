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
from tests.factories import NOW, eur, id_of

VISA = "tok_visa"


def authorisation_request(
    name: str = "1", /, token: str = VISA, amount: int = 500, key: str = ""
) -> AuthorisationRequest:
    return AuthorisationRequest(
        key=key or f"shop:{name}:auth:1", reference=id_of(name), amount=eur(amount), token=token
    )


async def approve(gateway: PaymentGateway, name: str = "1", amount: int = 500) -> str:
    result = await gateway.authorise(authorisation_request(name, amount=amount))
    assert isinstance(result, Approved)
    return result.payment_id


async def challenge(gateway: PaymentGateway, name: str = "1") -> str:
    result = await gateway.authorise(authorisation_request(name, "tok_authenticate"))
    assert isinstance(result, ActionRequired)
    return result.payment_id


async def capture(gateway: PaymentGateway, name: str = "1", amount: int = 500) -> str:
    payment_id = await approve(gateway, name, amount)
    await gateway.capture(key=f"shop:{name}:capture", payment_id=payment_id, amount=eur(amount))
    return payment_id


async def find(gateway: PaymentGateway, name: str = "1") -> GatewayPayment:
    payment = await gateway.find_payment(id_of(name))
    assert payment is not None
    return payment


async def payments_within(
    gateway: PaymentGateway, since: datetime, until: datetime
) -> list[GatewayPayment]:
    return [each async for each in gateway.list_payments(since, until)]


async def all_payments(gateway: PaymentGateway) -> list[GatewayPayment]:
    return await payments_within(gateway, NOW, NOW + timedelta(days=9))


def gateway_payment(
    name: str, payment_id: str, result: AuthorisationResult, **changes: object
) -> GatewayPayment:
    fields: dict[str, object] = {
        "id": payment_id,
        "reference": id_of(name),
        "amount": eur(500),
        "authorisation_result": result,
        "is_captured": False,
        "is_voided": False,
        "refunded": eur(0),
        "created_at": NOW,
    }
    return GatewayPayment(**{**fields, **changes})  # type: ignore[arg-type]  # The test says which.
