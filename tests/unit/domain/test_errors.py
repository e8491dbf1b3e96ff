from collections.abc import Iterator

import pytest

from shop.domain.account import (
    AccountNotFound,
    BalanceTooLarge,
    InsufficientFunds,
    RecipientNotFound,
)
from shop.domain.cart import EmptyCart
from shop.domain.catalogue import ProductNotFound
from shop.domain.deposit import DepositNotFound
from shop.domain.errors import AccessDenied, Conflict, NotFound, RuleBroken, ShopError
from shop.domain.fulfilment import MoneyNotTaken, OrderUnderWay
from shop.domain.handover import Excess, NotSoManyLeft
from shop.domain.inventory import OutOfStock, Shortage, StockBelowReserved
from shop.domain.order import NoOrder, OrderNotFound, PriceChanged
from shop.domain.payment import CardDeclined, PaymentCancelled, PaymentExpired
from shop.domain.refund import NotPaidByCard, RefundTooLarge
from shop.domain.session import (
    NotSignedIn,
    SessionConflict,
    SessionExpired,
    SessionNotFound,
    SessionTooLarge,
)
from shop.domain.status import IllegalTransition
from shop.domain.user import EmailTaken, Forbidden, UserNotFound, WrongCredentials
from tests.factories import eur

ERRORS: list[tuple[ShopError, str, str]] = [
    (AccountNotFound(), "account-not-found", "There is no such account."),
    (
        BalanceTooLarge(),
        "balance-too-large",
        "A balance is at most 1000000000000000 minor units.",
    ),
    (
        InsufficientFunds(balance=eur(5), required=eur(7)),
        "insufficient-funds",
        "The account holds 0.05 EUR; 0.07 EUR is needed.",
    ),
    (
        RecipientNotFound(email="eve@example.com"),
        "recipient-not-found",
        "There is no recipient eve@example.com.",
    ),
    (EmptyCart(), "empty-cart", "The cart is empty."),
    (ProductNotFound(sku="TEA"), "product-not-found", "There is no product TEA."),
    (
        OutOfStock(lines=(Shortage(sku="TEA", wanted=2, available=1),)),
        "out-of-stock",
        "2 of TEA wanted, 1 available.",
    ),
    (
        StockBelowReserved(sku="TEA", on_hand=3, reserved=2),
        "stock-below-reserved",
        "Of TEA, 3 are on hand and 2 of them reserved.",
    ),
    (
        CardDeclined(reason="insufficient_funds"),
        "card-declined",
        "The card was declined: insufficient_funds.",
    ),
    (
        PaymentExpired(),
        "payment-expired",
        "The payment was not confirmed in time, and nothing was charged.",
    ),
    (
        PaymentCancelled(),
        "payment-cancelled",
        "The order was cancelled before it was paid.",
    ),
    (DepositNotFound(), "deposit-not-found", "There is no such deposit."),
    (NoOrder(), "no-order", "No order was placed in this session."),
    (OrderNotFound(), "order-not-found", "There is no such order."),
    (
        PriceChanged(expected=eur(1), total=eur(2)),
        "price-changed",
        "The order costs 0.02 EUR, not 0.01 EUR.",
    ),
    (NotSignedIn(), "not-signed-in", "Sign in first."),
    (SessionExpired(), "session-expired", "The session has expired; sign in again."),
    (SessionNotFound(), "session-not-found", "There is no such session."),
    (
        SessionConflict(),
        "session-conflict",
        "Another request changed this session at the same time; try again.",
    ),
    (
        SessionTooLarge(limit_bytes=4096),
        "session-too-large",
        "The session would take more than 4096 bytes; take something out.",
    ),
    (
        IllegalTransition(before="paid", after="pending"),
        "illegal-transition",
        "What is paid cannot become pending.",
    ),
    (
        OrderUnderWay(),
        "order-under-way",
        "Part of the order was shipped or refunded; what is left of it can be refunded.",
    ),
    (
        MoneyNotTaken(),
        "money-not-taken",
        "The money for the order is set aside, and not taken yet; try again shortly.",
    ),
    (
        NotSoManyLeft(lines=(Excess(sku="TEA", wanted=2, left=1),)),
        "not-so-many-left",
        "2 of TEA named, 1 left.",
    ),
    (
        RefundTooLarge(wanted=eur(7), left=eur(5)),
        "refund-too-large",
        "0.07 EUR cannot be refunded: 0.05 EUR is left of what was paid.",
    ),
    (
        NotPaidByCard(),
        "not-paid-by-card",
        "The order was not paid by card, so that no card can be refunded.",
    ),
    (EmailTaken(), "email-taken", "This e-mail address is already in use."),
    (
        WrongCredentials(),
        "wrong-credentials",
        "The e-mail address or the password is wrong.",
    ),
    (Forbidden(role="admin"), "forbidden", "This takes the role admin."),
    (UserNotFound(), "user-not-found", "There is no such user."),
    (RuleBroken(field="sku", rule="a SKU has letters"), "rule-broken", "sku: a SKU has letters."),
]


def _kinds(kind: type[ShopError]) -> Iterator[type[ShopError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)


@pytest.mark.parametrize(("error", "slug", "detail"), ERRORS)
def test_an_error_has_a_name_and_a_sentence(error: ShopError, slug: str, detail: str) -> None:
    assert error.slug == slug
    assert error.detail == detail
    assert str(error) == detail


def test_every_error_of_the_domain_is_looked_at_here() -> None:
    named = {type(error) for error, _, _ in ERRORS} | {NotFound, Conflict, AccessDenied}
    domain = {kind for kind in _kinds(ShopError) if kind.__module__.startswith("shop.domain.")}

    assert domain == named


def test_no_two_errors_have_the_same_name() -> None:
    slugs = [slug for _, slug, _ in ERRORS]

    assert len(set(slugs)) == len(slugs)


def test_an_error_is_its_facts() -> None:
    assert ProductNotFound(sku="TEA") == ProductNotFound(sku="TEA")
    assert ProductNotFound(sku="TEA") != ProductNotFound(sku="POT")
    assert hash(ProductNotFound(sku="TEA")) == hash(ProductNotFound(sku="TEA"))


def test_errors_of_different_names_differ_even_without_facts() -> None:
    errors: list[ShopError] = [EmptyCart(), NoOrder(), EmptyCart(), EmailTaken()]

    assert errors[0] == errors[2]
    assert errors[0] != errors[1]
    assert len(set(errors)) == 3


def test_braces_among_the_facts_are_letters() -> None:
    assert RecipientNotFound(email="{0}{balance}").detail == "There is no recipient {0}{balance}."


@pytest.mark.parametrize(
    ("error", "final"),
    [
        (EmptyCart(), True),
        (ProductNotFound(sku="TEA"), True),
        (OutOfStock(lines=()), True),
        (SessionConflict(), False),
        (SessionTooLarge(limit_bytes=1), False),
        (NotSignedIn(), False),
        (RuleBroken(field="a", rule="b"), False),
    ],
)
def test_only_what_stays_true_answers_for_good(error: ShopError, final: bool) -> None:  # noqa: FBT001
    assert error.final is final


@pytest.mark.parametrize(("error", "slug", "detail"), ERRORS)
def test_an_error_can_be_raised_and_caught_by_its_kind(
    error: ShopError, slug: str, detail: str
) -> None:
    kinds = (NotFound, Conflict, AccessDenied, RuleBroken)

    with pytest.raises(kinds) as caught:
        raise error

    assert sum(isinstance(caught.value, kind) for kind in kinds) == 1
    assert (caught.value.slug, caught.value.detail) == (slug, detail)
