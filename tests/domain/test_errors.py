from collections.abc import Iterator
from uuid import UUID

import pytest

from shop.domain.account import (
    AccountNotFound,
    BalanceTooLarge,
    InsufficientFunds,
    RecipientNotFound,
)
from shop.domain.address import AddressNotFound, InvalidAddress, TooManyAddresses
from shop.domain.cart import EmptyCart
from shop.domain.cart_problems import NotForSale
from shop.domain.catalogue.category import CategoryInUse, CategoryNotFound
from shop.domain.catalogue.product import ProductNotFound, SeveralVariants, SkuTaken
from shop.domain.catalogue.product_image import ImageNotFound, InvalidImage, TooManyImages
from shop.domain.catalogue.product_import import ImportInProgress, ImportNotFound
from shop.domain.deposit import DepositNotFound
from shop.domain.endpoint import DeliveryNotFound
from shop.domain.inventory import OutOfStock, Shortage, StockBelowReserved
from shop.domain.orders.fulfilment import OrderPartlyFulfilled, PaymentNotCaptured
from shop.domain.orders.order import (
    OrderNotFound,
    SessionHasNoOrder,
    TooManyPendingOrders,
)
from shop.domain.orders.price_changed import PriceChanged
from shop.domain.orders.refund import (
    NothingToRefund,
    NotPaidByCard,
    RefundExceedsPayment,
    ShippingAlreadyRefunded,
)
from shop.domain.orders.shipment import ExcessQuantity, QuantityExceedsOrder
from shop.domain.payment import CardDeclined, PaymentCancelled, PaymentExpired
from shop.domain.pricing.quote_errors import (
    AddressRequired,
    CodeNotApplicable,
    CodeNotFound,
    CodeUsedUp,
    InapplicableCode,
    ShippingUnavailable,
)
from shop.domain.pricing.rule_document import (
    PromotionNotFound,
    SellerCountryUnknown,
    ShippingMethodNotFound,
    ShippingZoneNotFound,
    TaxRateNotFound,
    ZoneInUse,
)
from shop.domain.rate_limit import TooManyRequests
from shop.domain.session import (
    NotSignedIn,
    SessionConflict,
    SessionExpired,
    SessionNotFound,
    SessionTooLarge,
)
from shop.domain.shared.errors import AccessDenied, Conflict, InvalidValue, NotFound, ShopError
from shop.domain.shared.state_machine import IllegalTransition
from shop.domain.user import (
    EmailTaken,
    Forbidden,
    InvalidCredentials,
    UserNotFound,
    WrongPassword,
)
from tests.factories import eur

ERRORS: list[tuple[ShopError, str, str]] = [
    (AccountNotFound(), "account-not-found", "There is no such account."),
    (
        BalanceTooLarge(),
        "balance-too-large",
        "The balance would exceed the maximum of 1000000000000000 minor units.",
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
    (CategoryNotFound(slug="tea"), "category-not-found", "There is no category tea."),
    (
        CategoryInUse(slug="tea"),
        "category-in-use",
        "The category tea has categories below it; move or delete them first.",
    ),
    (
        SkuTaken(sku="TEA"),
        "sku-taken",
        "The SKU TEA belongs to another product; choose another one.",
    ),
    (
        SeveralVariants(handle="SHIRT"),
        "several-variants",
        "The product SHIRT has several variants; name the SKU of one.",
    ),
    (
        ImportInProgress(),
        "import-in-progress",
        "Another import is running; wait until it has ended.",
    ),
    (
        ImportNotFound(import_id=UUID(int=1)),
        "import-not-found",
        "There is no import 00000000-0000-0000-0000-000000000001.",
    ),
    (
        InvalidImage(reason="animated"),
        "invalid-image",
        (
            "The file is not an image that the shop accepts (animated); send one JPEG, PNG, WebP "
            "or AVIF image of at most 30 million pixels and 12000 pixels a side."
        ),
    ),
    (ImageNotFound(), "image-not-found", "The product has no such image."),
    (
        TooManyImages(limit=20),
        "too-many-images",
        "The product has 20 images already; delete one first.",
    ),
    (
        InvalidAddress(faults=()),
        "invalid-address",
        "The address is not valid; `faults` lists what is wrong.",
    ),
    (
        AddressNotFound(),
        "address-not-found",
        "There is no such address in your address book.",
    ),
    (
        TooManyAddresses(limit=50),
        "too-many-addresses",
        "Your address book is full: it has 50 addresses; delete one first.",
    ),
    (TaxRateNotFound(slug="de"), "tax-rate-not-found", "There is no tax rate de."),
    (ShippingZoneNotFound(slug="eu"), "shipping-zone-not-found", "There is no shipping zone eu."),
    (
        ShippingMethodNotFound(slug="parcel"),
        "shipping-method-not-found",
        "There is no shipping method parcel.",
    ),
    (PromotionNotFound(slug="may"), "promotion-not-found", "There is no promotion may."),
    (
        CodeNotFound(codes=("MAY", "JUNE")),
        "code-not-found",
        "No promotion has the code MAY, JUNE.",
    ),
    (CodeUsedUp(codes=("MAY",)), "code-used-up", "No use is left of the code MAY."),
    (
        CodeNotApplicable(
            condition="minimum", codes=(InapplicableCode(code="MAY", condition="minimum"),)
        ),
        "code-not-applicable",
        "The cart does not fulfil the condition of the code MAY (minimum).",
    ),
    (
        AddressRequired(),
        "address-required",
        "Give a shipping address: the cart has something to ship.",
    ),
    (
        ShippingUnavailable(method="parcel"),
        "shipping-unavailable",
        "The shipping method parcel does not serve this address or cart.",
    ),
    (
        ZoneInUse(slug="eu", methods=("parcel",)),
        "zone-in-use",
        "Shipping methods serve the zone eu; delete them or give them another zone first.",
    ),
    (
        SellerCountryUnknown(),
        "seller-country-unknown",
        "The shop does not know the seller's country; its operator sets SHOP_COUNTRY first.",
    ),
    (
        OutOfStock(lines=(Shortage(sku="TEA", requested=2, available=1),)),
        "out-of-stock",
        "TEA: 2 requested, 1 available.",
    ),
    (
        NotForSale(
            lines=(
                Shortage(sku="CUP", requested=1, available=0),
                Shortage(sku="POT", requested=2, available=0),
            ),
            short=(Shortage(sku="TEA", requested=2, available=1),),
        ),
        "not-for-sale",
        "Not for sale: CUP, POT. TEA: 2 requested, 1 available.",
    ),
    (
        StockBelowReserved(sku="TEA", on_hand=3, reserved=2),
        "stock-below-reserved",
        "TEA: 3 on hand, 2 of them reserved; stock cannot fall below the reserved quantity.",
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
    (
        DeliveryNotFound(),
        "webhook-delivery-not-found",
        "There is no such webhook delivery.",
    ),
    (SessionHasNoOrder(), "no-order", "No order was placed in this session."),
    (OrderNotFound(), "order-not-found", "There is no such order."),
    (
        PriceChanged(expected=eur(1), total=eur(2)),
        "price-changed",
        "The order costs 0.02 EUR, not 0.01 EUR.",
    ),
    (
        TooManyPendingOrders(limit=5),
        "too-many-pending-orders",
        "At most 5 orders can wait for their payment; pay or cancel one of them first.",
    ),
    (
        TooManyRequests(retry_after_seconds=4),
        "too-many-requests",
        "Too many requests of this kind; try again in 4 seconds.",
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
        "The session would exceed 4096 bytes; remove items from the cart or preferences.",
    ),
    (
        IllegalTransition(current="paid", target="pending"),
        "illegal-transition",
        "Cannot change status from paid to pending.",
    ),
    (
        OrderPartlyFulfilled(),
        "order-partly-fulfilled",
        (
            "Part of the order has been shipped or refunded. It can no longer be cancelled; refund "
            "the rest instead."
        ),
    ),
    (
        PaymentNotCaptured(),
        "payment-not-captured",
        "The payment is authorised but not captured yet; try again shortly.",
    ),
    (
        QuantityExceedsOrder(lines=(ExcessQuantity(sku="TEA", requested=2, remaining=1),)),
        "quantity-exceeds-order",
        "TEA: 2 requested, 1 remaining.",
    ),
    (
        RefundExceedsPayment(requested=eur(7), remaining=eur(5)),
        "refund-exceeds-payment",
        "Cannot refund 0.07 EUR; only 0.05 EUR of the payment has not been refunded.",
    ),
    (
        ShippingAlreadyRefunded(),
        "shipping-already-refunded",
        "The shipping of the order has been refunded already.",
    ),
    (
        NothingToRefund(),
        "nothing-to-refund",
        "Nothing was paid for what is to be refunded; adjust the stock if goods come back.",
    ),
    (
        NotPaidByCard(),
        "not-paid-by-card",
        "The order was not paid by card and cannot be refunded to one.",
    ),
    (EmailTaken(), "email-taken", "This e-mail address is already in use."),
    (
        InvalidCredentials(),
        "wrong-credentials",
        "The e-mail address or the password is wrong.",
    ),
    (WrongPassword(), "wrong-password", "The current password is wrong."),
    (Forbidden(role="admin"), "forbidden", "This requires the role admin."),
    (UserNotFound(), "user-not-found", "There is no such user."),
    (
        InvalidValue(field="sku", rule="must be letters"),
        "invalid-value",
        "sku: must be letters.",
    ),
]


def _kinds(kind: type[ShopError]) -> Iterator[type[ShopError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)


@pytest.mark.parametrize(("error", "code", "detail"), ERRORS)
def test_error_has_a_code_and_a_message(error: ShopError, code: str, detail: str) -> None:
    assert error.code == code
    assert error.detail == detail
    assert str(error) == detail


def test_every_domain_error_is_tested_here() -> None:
    named = {type(error) for error, _, _ in ERRORS} | {NotFound, Conflict, AccessDenied}
    domain = {kind for kind in _kinds(ShopError) if kind.__module__.startswith("shop.domain.")}

    assert domain == named


def test_order_without_a_shipping_method_has_to_choose_one() -> None:
    assert ShippingUnavailable(method=None).detail == "Choose a shipping method."


def test_codes_are_unique() -> None:
    codes = [code for _, code, _ in ERRORS]

    assert len(set(codes)) == len(codes)


def test_errors_with_equal_fields_are_equal() -> None:
    assert ProductNotFound(sku="TEA") == ProductNotFound(sku="TEA")
    assert ProductNotFound(sku="TEA") != ProductNotFound(sku="POT")
    assert hash(ProductNotFound(sku="TEA")) == hash(ProductNotFound(sku="TEA"))


def test_errors_of_different_classes_differ_even_without_fields() -> None:
    errors: list[ShopError] = [EmptyCart(), SessionHasNoOrder(), EmptyCart(), EmailTaken()]

    assert errors[0] == errors[2]
    assert errors[0] != errors[1]
    assert len(set(errors)) == 3


def test_braces_in_fields_are_literal() -> None:
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
        (InvalidValue(field="a", rule="b"), False),
    ],
)
def test_only_permanent_errors_are_final(error: ShopError, final: bool) -> None:  # noqa: FBT001
    assert error.is_final is final


@pytest.mark.parametrize(("error", "code", "detail"), ERRORS)
def test_error_can_be_caught_by_its_base_class(error: ShopError, code: str, detail: str) -> None:
    invalid = (InvalidValue, InvalidAddress, InvalidImage, AddressRequired)
    kinds = (NotFound, Conflict, AccessDenied, *invalid)

    with pytest.raises(kinds) as caught:
        raise error

    assert sum(isinstance(caught.value, kind) for kind in kinds) == 1
    assert (caught.value.code, caught.value.detail) == (code, detail)
