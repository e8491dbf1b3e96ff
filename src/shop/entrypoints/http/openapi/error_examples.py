"""A real example of every error of the API."""

from collections.abc import Iterator
from uuid import UUID

from shop.application.catalogue.preconditions import PreconditionFailed
from shop.application.idempotency.results import IdempotencyKeyReused
from shop.application.ports.repositories.idempotency_keys import RequestInProgress
from shop.domain.account import (
    AccountNotFound,
    BalanceTooLarge,
    InsufficientFunds,
    RecipientNotFound,
)
from shop.domain.address import AddressNotFound, TooManyAddresses
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
from shop.domain.orders.price_changed import PresentTotals, PriceChanged
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
from shop.domain.shared.errors import ShopError
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.state_machine import IllegalTransition
from shop.domain.user import (
    EmailTaken,
    Forbidden,
    InvalidCredentials,
    UserNotFound,
    WrongPassword,
)
from shop.entrypoints.http.errors import http_errors
from shop.entrypoints.http.middleware.content_type import JSON

_EUR = Currency("EUR")


def examples() -> Iterator[ShopError]:
    """Yield one error of each class."""
    yield from _domain_examples()
    yield from _quote_examples()
    yield from _http_examples()


def example_of(error: type[ShopError]) -> ShopError:
    """Return an error of this class."""
    return next(example for example in examples() if type(example) is error)


def example_with_slug(slug: str) -> ShopError:
    """Return an error with this code; raise `ProblemNotFound` if there is none."""
    for example in examples():
        if example.code == slug:
            return example
    raise http_errors.ProblemNotFound


def _domain_examples() -> Iterator[ShopError]:
    yield EmailTaken()
    yield InvalidCredentials()
    yield WrongPassword()
    yield Forbidden(role="admin")
    yield UserNotFound()
    yield AddressNotFound()
    yield TooManyAddresses(limit=50)
    yield NotSignedIn()
    yield SessionExpired()
    yield SessionNotFound()
    yield SessionConflict()
    yield SessionTooLarge(limit_bytes=4000)
    yield InsufficientFunds(balance=_eur(500), required=_eur(1999))
    yield BalanceTooLarge()
    yield RecipientNotFound(email="grace@example.com")
    yield AccountNotFound()
    yield ImageNotFound()
    yield ImportInProgress()
    yield ImportNotFound(import_id=UUID("01932b7e-8f3c-7a19-9c1d-5e6f7a8b9c0d"))
    yield InvalidImage(reason="animated")
    yield TooManyImages(limit=20)
    yield ProductNotFound(sku="TEA-EARL-GREY")
    yield SkuTaken(sku="TEA-EARL-GREY")
    yield SeveralVariants(handle="SHIRT")
    yield NotForSale(
        lines=(Shortage(sku="MUG-STONEWARE", requested=1, available=0),),
        short=(Shortage(sku="TEA-EARL-GREY", requested=2, available=1),),
    )
    yield CategoryNotFound(slug="green-tea")
    yield CategoryInUse(slug="tea")
    yield from _rule_examples()
    yield PreconditionFailed()
    yield OutOfStock(lines=(Shortage(sku="TEA-EARL-GREY", requested=2, available=1),))
    yield StockBelowReserved(sku="TEA-EARL-GREY", on_hand=42, reserved=2)
    yield EmptyCart()
    yield PriceChanged(
        expected=_eur(1999),
        total=_eur(2099),
        totals=PresentTotals(
            subtotal=_eur(1780),
            discount=_eur(171),
            shipping=_eur(490),
            tax=_eur(335),
            total=_eur(2099),
            prices_include_tax=True,
        ),
    )
    yield OrderNotFound()
    yield CardDeclined(reason="insufficient_funds")
    yield PaymentExpired()
    yield PaymentCancelled()
    yield DepositNotFound()
    yield DeliveryNotFound()
    yield SessionHasNoOrder()
    yield IllegalTransition(current="cancelled", target="cancelled")
    yield from _fulfilment_examples()
    yield TooManyPendingOrders(limit=5)
    yield TooManyRequests(retry_after_seconds=4)
    yield IdempotencyKeyReused()
    yield RequestInProgress()


def _fulfilment_examples() -> Iterator[ShopError]:
    yield OrderPartlyFulfilled()
    yield PaymentNotCaptured()
    yield QuantityExceedsOrder(
        lines=(ExcessQuantity(sku="TEA-EARL-GREY", requested=2, remaining=1),)
    )
    yield RefundExceedsPayment(requested=_eur(1999), remaining=_eur(1580))
    yield ShippingAlreadyRefunded()
    yield NothingToRefund()
    yield NotPaidByCard()


def _rule_examples() -> Iterator[ShopError]:
    yield TaxRateNotFound(slug="de-reduced")
    yield SellerCountryUnknown()
    yield ShippingZoneNotFound(slug="germany")
    yield ZoneInUse(slug="germany", methods=("parcel",))
    yield ShippingMethodNotFound(slug="parcel")
    yield PromotionNotFound(slug="welcome")


def _quote_examples() -> Iterator[ShopError]:
    yield CodeNotFound(codes=("WELCOME11",))
    yield CodeUsedUp(codes=("WELCOME10",))
    yield CodeNotApplicable(
        condition="minimum", codes=(InapplicableCode(code="WELCOME10", condition="minimum"),)
    )
    yield AddressRequired()
    yield ShippingUnavailable(method="parcel")


def _http_examples() -> Iterator[ShopError]:
    yield http_errors.InvalidRequest.at("/lines/0/quantity", "must be at least 1.")
    yield http_errors.InvalidIdempotencyKey()
    yield http_errors.InvalidSignature()
    yield http_errors.UnknownHost()
    yield http_errors.HttpsRequired()
    yield http_errors.CrossSiteRequest()
    yield http_errors.RouteNotFound()
    yield http_errors.ProblemNotFound()
    yield http_errors.MethodNotAllowed(allow=("GET", "POST"))
    yield http_errors.ContentTooLarge(limit_bytes=http_errors.MAX_BODY_BYTES)
    yield http_errors.UnsupportedMediaType(accept=(JSON,))
    yield http_errors.UnsupportedEncoding(encoding="gzip")
    yield http_errors.UnsupportedCharset(charset="utf-16")
    yield http_errors.MalformedHttp(reason="exactly one Host header is required")
    yield http_errors.RequestTimeout()
    yield http_errors.HeadTooLarge(limit_bytes=32_768, limit_lines=100)
    yield http_errors.InternalError()
    yield http_errors.ServiceUnavailable()
    yield http_errors.RequestOutcomeUnknown()
    yield http_errors.DatabaseNotMigrated()
    yield http_errors.DatabaseIncompatible()
    yield http_errors.DatabaseMoved()


def _eur(amount: int) -> Money:
    return Money(amount=amount, currency=_EUR)
