"""Dependencies of routes: use cases, and the principal of a request."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request

from shop.application.catalogue.categories.service import CategoryService
from shop.application.catalogue.export import ProductExport
from shop.application.catalogue.imports.service import ImportService
from shop.application.catalogue.product_images import ImageService
from shop.application.catalogue.product_search import ProductFinder
from shop.application.catalogue.products import ProductService
from shop.application.catalogue.variants import VariantService
from shop.application.checkout.cart import CartService
from shop.application.checkout.cart_details import CartDetails
from shop.application.checkout.checkout import Checkout
from shop.application.checkout.gateway_events import HandleGatewayEvents
from shop.application.checkout.limited_cart import LimitedCart
from shop.application.checkout.limited_codes import LimitedCodes
from shop.application.idempotency.results import CommandResult
from shop.application.identity.access import AccessService
from shop.application.identity.address_book import AddressBook
from shop.application.identity.authentication import CurrentSession
from shop.application.identity.customers import CustomerQueries
from shop.application.identity.limited_sign_in import LimitedSignIn
from shop.application.identity.sessions import SessionService
from shop.application.inventory.adjustments import InventoryService
from shop.application.ledger.accounts import AccountService
from shop.application.ledger.deposits import DepositService
from shop.application.ledger.transfer_batch import MakeTransfer
from shop.application.ledger.transfers import TransferService
from shop.application.notifications.delivery_records import NotificationDeliveryService
from shop.application.orders.cancel import CancelOrders
from shop.application.orders.fulfil import FulfilOrders
from shop.application.orders.queries import OrderQueries
from shop.application.orders.refund import RefundOrders
from shop.application.ports.database import Database
from shop.application.ports.image_store import ImageStore
from shop.application.ports.payment_gateway import PaymentGateway
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.transactions.group_commit import GroupCommit
from shop.domain.account import Transfer
from shop.domain.session import NotSignedIn
from shop.domain.shared.value import value
from shop.domain.user import Role, User
from shop.entrypoints.configuration.policies import Policies
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from shop.entrypoints.http.requests.client_address import client_address
from shop.entrypoints.http.requests.idempotency_key import HEADER, idempotency_key
from shop.entrypoints.http.session.response_context import ResponseContext

C = TypeVar("C")
T = TypeVar("T")


@value
class Principal:
    """The sender of a request: the current token, and the session that it opened."""

    token: SessionToken | None
    current_session: CurrentSession | None
    response_context: ResponseContext

    @property
    def existing_session(self) -> CurrentSession:
        """The session, signed in or not; raise `NotSignedIn` if there is none."""
        if self.current_session is None:
            raise NotSignedIn
        return self.current_session

    @property
    def user(self) -> User:
        """The signed-in user; raise `NotSignedIn` if there is none."""
        return self.existing_session.signed_in_user

    @property
    def buyer(self) -> User:
        """The signed-in user or the session's guest; raise `NotSignedIn` if there is neither."""
        return self.existing_session.buyer


@value
class KeyedRequest:
    """A request with an idempotency key: its token, and the context of its response."""

    token: SessionToken
    key: str
    response_context: ResponseContext


def from_container(provide: Callable[[Container], T]) -> Any:  # noqa: ANN401  FastAPI's marker.
    """Return what has FastAPI take an argument from the container."""

    def provided(request: Request) -> T:
        return provide(request.app.state.container)

    return Depends(provided)


def _response_context(request: Request) -> ResponseContext:
    response_context: ResponseContext = request.scope["state"]["response_context"]
    return response_context


def session_token(request: Request) -> SessionToken | None:
    """Return the session token of a request, if any."""
    return _response_context(request).token(request.headers)


async def authenticate(request: Request) -> Principal:
    """Resolve the session of a request, record its use, and renew a due token."""
    container: Container = request.app.state.container
    response_context = _response_context(request)
    token = response_context.token(request.headers)
    current_session = await container.session_service().authenticate(token)
    response_context.update_session(current_session)
    return Principal(
        token=token if current_session is None else current_session.new_token or token,
        current_session=current_session,
        response_context=response_context,
    )


def authenticate_on_demand(request: Request) -> Callable[[], Awaitable[Principal]]:
    """Return a function that authenticates, for routes where most requests need none."""
    return partial(authenticate, request)


def _signed_in_user(principal: Annotated[Principal, Depends(authenticate)]) -> Principal:
    _ = principal.user
    return principal


def _admin_user(principal: Annotated[Principal, Depends(authenticate)]) -> Principal:
    # The use case checks again, in its transaction. This check comes before the body's validation,
    # so a customer gets 403 instead of the errors of the body.
    principal.user.require(Role.ADMIN)
    return principal


def _keyed_request(request: Request) -> KeyedRequest:
    response_context = _response_context(request)
    token = response_context.token(request.headers)
    if token is None:
        raise NotSignedIn
    return KeyedRequest(
        token=token, key=idempotency_key(request.headers), response_context=response_context
    )


def _optional_key(request: Request) -> str | None:
    return idempotency_key(request.headers) if HEADER in request.headers else None


def _client_address(request: Request) -> str:
    return client_address(request)


async def _session_or_new_visitor(
    request: Request, principal: Annotated[Principal, Depends(authenticate)]
) -> Principal:
    if principal.current_session is None:
        container: Container = request.app.state.container
        await container.visitor_sessions().begin(client_address(request))
    return principal


CurrentResponseContext = Annotated[ResponseContext, Depends(_response_context)]
SessionTokenFromCookie = Annotated[SessionToken | None, Depends(session_token)]
AnyUser = Annotated[Principal, Depends(authenticate)]
AuthenticateOnDemand = Annotated[
    Callable[[], Awaitable[Principal]], Depends(authenticate_on_demand)
]
SessionOrNewVisitor = Annotated[Principal, Depends(_session_or_new_visitor)]
"""The session of a request that begins one if there is none, within the rate limit."""
SignedInUser = Annotated[Principal, Depends(_signed_in_user)]
AdminUser = Annotated[Principal, Depends(_admin_user)]
Idempotent = Annotated[KeyedRequest, Depends(_keyed_request)]
OptionalKey = Annotated[str | None, Depends(_optional_key)]
ClientAddress = Annotated[str, Depends(_client_address)]

AccountHashDependency = Annotated[
    Callable[[str], str], from_container(lambda container: container.account_hash().of)
]
SettingsDependency = Annotated[Settings, from_container(lambda container: container.settings())]
PoliciesDependency = Annotated[Policies, from_container(lambda container: container.policies())]
DatabaseDependency = Annotated[Database, from_container(lambda container: container.database())]
PaymentGatewayDependency = Annotated[
    PaymentGateway, from_container(lambda container: container.payment_gateway())
]
AccountServiceDependency = Annotated[
    AccountService, from_container(lambda container: container.account_service())
]
LimitedSignInDependency = Annotated[
    LimitedSignIn, from_container(lambda container: container.limited_sign_in())
]
SessionServiceDependency = Annotated[
    SessionService, from_container(lambda container: container.session_service())
]
AccessServiceDependency = Annotated[
    AccessService, from_container(lambda container: container.access_service())
]
AddressBookDependency = Annotated[
    AddressBook, from_container(lambda container: container.address_book())
]
CustomerQueriesDependency = Annotated[
    CustomerQueries, from_container(lambda container: container.customer_queries())
]
ImportServiceDependency = Annotated[
    ImportService, from_container(lambda container: container.import_service())
]
ProductExportDependency = Annotated[
    ProductExport, from_container(lambda container: container.product_export())
]
ProductServiceDependency = Annotated[
    ProductService, from_container(lambda container: container.product_service())
]
VariantServiceDependency = Annotated[
    VariantService, from_container(lambda container: container.variant_service())
]
ProductFinderDependency = Annotated[
    ProductFinder, from_container(lambda container: container.product_finder())
]
CategoryServiceDependency = Annotated[
    CategoryService, from_container(lambda container: container.category_service())
]
ImageServiceDependency = Annotated[
    ImageService, from_container(lambda container: container.image_service())
]
ImageStoreDependency = Annotated[
    ImageStore, from_container(lambda container: container.image_store())
]
InventoryServiceDependency = Annotated[
    InventoryService, from_container(lambda container: container.inventory_service())
]
CartServiceDependency = Annotated[
    CartService, from_container(lambda container: container.cart_service())
]
LimitedCartDependency = Annotated[
    LimitedCart, from_container(lambda container: container.limited_cart())
]
CartDetailsDependency = Annotated[
    CartDetails, from_container(lambda container: container.cart_details())
]
LimitedCodesDependency = Annotated[
    LimitedCodes, from_container(lambda container: container.limited_codes())
]
TransferServiceDependency = Annotated[
    TransferService, from_container(lambda container: container.transfer_service())
]
DepositServiceDependency = Annotated[
    DepositService, from_container(lambda container: container.deposit_service())
]
TransferQueueDependency = Annotated[
    GroupCommit[MakeTransfer, CommandResult[Transfer]],
    from_container(lambda container: container.transfer_queue()),
]
CheckoutDependency = Annotated[Checkout, from_container(lambda container: container.checkout())]
HandleGatewayEventsDependency = Annotated[
    HandleGatewayEvents, from_container(lambda container: container.handle_gateway_events())
]
CancelOrdersDependency = Annotated[
    CancelOrders, from_container(lambda container: container.cancel_orders())
]
FulfilOrdersDependency = Annotated[
    FulfilOrders, from_container(lambda container: container.fulfil_orders())
]
RefundOrdersDependency = Annotated[
    RefundOrders, from_container(lambda container: container.refund_orders())
]
NotificationDeliveryServiceDependency = Annotated[
    NotificationDeliveryService,
    from_container(lambda container: container.notification_delivery_service()),
]
OrderQueriesDependency = Annotated[
    OrderQueries, from_container(lambda container: container.order_queries())
]
