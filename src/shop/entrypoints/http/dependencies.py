"""What handlers are given: use cases from the container, and whoever sent the request."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request

from shop.application.accounts import Accounts
from shop.application.admission import Visit
from shop.application.carts import Carts
from shop.application.catalogue import Catalogue
from shop.application.deposits import Deposits
from shop.application.dispatches import LookAfterDispatches
from shop.application.group_commit import GroupCommit
from shop.application.idempotency import Reply
from shop.application.inventory import Stock
from shop.application.notices import HandleNotices
from shop.application.orders.cancel import CancelOrders
from shop.application.orders.checkout import Checkout
from shop.application.orders.consult import ConsultOrders
from shop.application.orders.fulfil import FulfilOrders
from shop.application.orders.refund import RefundOrders
from shop.application.ports.database import Database
from shop.application.ports.session_store import SessionToken
from shop.application.sessions import Sessions
from shop.application.transfers import MakeTransfer, Transfers
from shop.domain.account import Transfer
from shop.domain.cart import Cart
from shop.domain.session import NotSignedIn
from shop.domain.user import Role, User
from shop.entrypoints.container import Container
from shop.entrypoints.http.exchange import Exchange
from shop.entrypoints.http.keys import idempotency_key
from shop.entrypoints.settings import Settings

C = TypeVar("C")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who sent the request: the token that they hold by now, and the visit that it opened."""

    token: SessionToken | None
    visit: Visit | None

    @property
    def cart(self) -> Cart:
        """What the visitor means to buy."""
        return Cart() if self.visit is None else self.visit.session.cart

    @property
    def known_visit(self) -> Visit:
        """The visit, signed in or not; raise `NotSignedIn` where there is none."""
        if self.visit is None:
            raise NotSignedIn
        return self.visit

    @property
    def user(self) -> User:
        """The signed-in user; raise `NotSignedIn` where there is none."""
        return self.known_visit.signed_in_user


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A request under an idempotency key: what its sender holds, and what they will be told."""

    token: SessionToken
    key: str
    exchange: Exchange


def _from_container(provide: Callable[[Container], T]) -> Any:  # noqa: ANN401  FastAPI's marker.
    async def from_container(request: Request) -> T:
        return provide(request.app.state.container)

    return Depends(from_container)


async def _exchange(request: Request) -> Exchange:
    exchange: Exchange = request.state.exchange
    return exchange


async def _held_token(request: Request) -> SessionToken | None:
    return (await _exchange(request)).token(request.headers)


async def enter(request: Request) -> Visitor:
    """Let the visitor in: their session was used, and a token that is due for it is renewed."""
    container: Container = request.app.state.container
    exchange = await _exchange(request)
    token = exchange.token(request.headers)
    visit = await container.sessions().enter(token)
    exchange.follow(visit)
    return Visitor(token=token if visit is None else visit.issued or token, visit=visit)


async def _signed_in(visitor: Annotated[Visitor, Depends(enter)]) -> Visitor:
    _ = visitor.user
    return visitor


async def _admin(visitor: Annotated[Visitor, Depends(enter)]) -> Visitor:
    # The use case asks again, in its transaction. Asking here, too, tells a customer 403 rather
    # than what is wrong with a body that they have no business to send.
    visitor.user.require(Role.ADMIN)
    return visitor


async def _submission(request: Request) -> Submission:
    exchange = await _exchange(request)
    token = exchange.token(request.headers)
    if token is None:
        raise NotSignedIn
    return Submission(token=token, key=idempotency_key(request.headers), exchange=exchange)


CurrentExchange = Annotated[Exchange, Depends(_exchange)]
HeldToken = Annotated[SessionToken | None, Depends(_held_token)]
Anyone = Annotated[Visitor, Depends(enter)]
SignedIn = Annotated[Visitor, Depends(_signed_in)]
Admin = Annotated[Visitor, Depends(_admin)]
UnderKey = Annotated[Submission, Depends(_submission)]

TheSettings = Annotated[Settings, _from_container(lambda container: container.settings())]
TheDatabase = Annotated[Database, _from_container(lambda container: container.database())]
TheAccounts = Annotated[Accounts, _from_container(lambda container: container.accounts())]
TheSessions = Annotated[Sessions, _from_container(lambda container: container.sessions())]
TheCatalogue = Annotated[Catalogue, _from_container(lambda container: container.catalogue())]
TheStock = Annotated[Stock, _from_container(lambda container: container.stock())]
TheCarts = Annotated[Carts, _from_container(lambda container: container.carts())]
TheTransfers = Annotated[Transfers, _from_container(lambda container: container.transfers())]
TheDeposits = Annotated[Deposits, _from_container(lambda container: container.deposits())]
ToMakeTransfers = Annotated[
    GroupCommit[MakeTransfer, Reply[Transfer]],
    _from_container(lambda container: container.grouped_transfers()),
]
ToCheckOut = Annotated[Checkout, _from_container(lambda container: container.checkout())]
ToHandleNotices = Annotated[
    HandleNotices, _from_container(lambda container: container.handle_notices())
]
ToCancelOrders = Annotated[
    CancelOrders, _from_container(lambda container: container.cancel_orders())
]
ToFulfilOrders = Annotated[
    FulfilOrders, _from_container(lambda container: container.fulfil_orders())
]
ToRefundOrders = Annotated[
    RefundOrders, _from_container(lambda container: container.refund_orders())
]
ToLookAfterDispatches = Annotated[
    LookAfterDispatches, _from_container(lambda container: container.look_after_dispatches())
]
ToConsultOrders = Annotated[
    ConsultOrders, _from_container(lambda container: container.consult_orders())
]
