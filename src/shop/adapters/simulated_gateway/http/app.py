"""The HTTP API of the simulated gateway. `/docs` describes it and lets one try it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, FastAPI, Header, Query
from fastapi_offline import FastAPIOffline
from pydantic import AwareDatetime
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shop.adapters.simulated_gateway import operations
from shop.adapters.simulated_gateway.http import problems, schemas
from shop.adapters.simulated_gateway.operations import Operation
from shop.adapters.simulated_gateway.pages import page_routes
from shop.adapters.simulated_gateway.records import StoredPayment
from shop.adapters.simulated_gateway.responses import NOT_FOUND, Failed, NoResponse, Succeeded
from shop.adapters.simulated_gateway.store.sqlite_payment_store import SqlitePaymentStore
from shop.application.ports.clock import Clock
from shop.application.ports.paging import TimeRange
from shop.application.ports.payment_gateway import ActionRequired, Approved

HANG_SECONDS = 120
"""How long a request without a response hangs: longer than any shop waits."""

_DESCRIPTION = """A payment gateway that moves no money. The token of a card decides what it does.

Amounts are in minor units. The same request under the same `Idempotency-Key` has the same
response and no second effect."""

_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

Key = Annotated[str, Header(alias=schemas.KEY_HEADER, pattern=r"^[!-~]{1,255}$")]

router = APIRouter(
    route_class=problems.ProblemRoute, responses={"default": problems.RESPONSE_SCHEMA}
)


def create_gateway_app(
    store: SqlitePaymentStore, clock: Clock, validation_message: problems.ValidationMessage
) -> FastAPI:
    """Return the app that serves a store, which it opens at its start and closes at its end.

    `validation_message` explains an invalid value in the words of the shop.

    The start raises `DatabaseFailure` if the store cannot be used.
    """
    app = FastAPIOffline(
        redoc_url=None,
        routes=[*router.routes, *page_routes(store, back_path=None, decided=None)],
        title="shop gateway",
        version="1",
        description=_DESCRIPTION,
        redirect_slashes=False,
        lifespan=_lifespan,
        exception_handlers={HTTPException: problems.handle_error},
    )
    app.state.store, app.state.clock = store, clock
    app.state.validation_message = validation_message
    return app


@router.post(
    "/payments",
    status_code=201,
    responses={202: {"model": schemas.Result, "description": "The customer must authenticate"}},
)
async def authorise(
    request: Request, response: Response, key: Key, body: schemas.Authorisation
) -> schemas.Result:
    """Authorise an amount on a card."""
    result = await _store(request).run(operations.authorise(body.to_request(key)))
    if isinstance(result, NoResponse):
        await _hang(request)
    if not isinstance(result, Approved | ActionRequired):
        raise problems.RejectedOperation(result)
    is_approved = isinstance(result, Approved)
    response.status_code = 201 if is_approved else 202
    return schemas.Result(
        id=result.payment_id, authorised=is_approved, challenged=not is_approved, declined=False
    )


@router.post("/payments/{payment_id}/capture")
async def capture(
    request: Request, payment_id: str, key: Key, body: schemas.Amount
) -> schemas.Captured:
    """Capture the whole authorised amount."""
    await _run(request, operations.capture(key, payment_id, body.to_money()))
    return schemas.Captured(id=payment_id)


@router.post("/payments/{payment_id}/void")
async def void(request: Request, payment_id: str, key: Key, _: schemas.Empty) -> schemas.Voided:
    """Void an authorisation, or cancel a payment that is not decided yet."""
    await _run(request, operations.void(key, payment_id))
    return schemas.Voided(id=payment_id)


@router.post("/payments/{payment_id}/refunds", status_code=201)
async def refund(
    request: Request, payment_id: str, key: Key, body: schemas.Amount
) -> schemas.Refunded:
    """Refund some of a captured amount."""
    await _run(request, operations.refund(key, payment_id, body.to_money()))
    return schemas.Refunded(id=payment_id, amount=body.amount, currency=body.currency)


@router.post("/payments/{payment_id}/authentication")
async def authenticate(
    request: Request, payment_id: str, body: schemas.Authentication
) -> schemas.Payment:
    """Approve or decline a challenged payment, as its customer."""
    operation = operations.authenticate(payment_id, approved=body.approved)
    result = await _store(request).run(operation)
    if isinstance(result, Failed):
        raise problems.RejectedOperation(result)
    return await show(request, payment_id)


@router.head("/payments/{payment_id}", include_in_schema=False)
@router.get("/payments/{payment_id}")
async def show(request: Request, payment_id: str) -> schemas.Payment:
    """Return a payment."""
    stored = await _store(request).payment(payment_id)
    if stored is None:
        raise problems.RejectedOperation(Failed(reason=NOT_FOUND))
    return schemas.Payment.of(stored)


@router.head("/payments", include_in_schema=False)
@router.get("/payments", response_model=schemas.PaymentList)
async def list_payments(
    request: Request,
    *,
    order_id: UUID | None = None,
    since: AwareDatetime = _FIRST,
    until: AwareDatetime = _LAST,
    after: str | None = None,
    limit: Annotated[int | None, Query(ge=1, le=schemas.MAX_PAGE)] = None,
) -> Response:
    """Return all payments, those of an order, or a page of those in a time range, oldest first."""
    if order_id is not None:
        stored = await _store(request).with_reference(order_id)
    else:
        time_range = TimeRange(since=since, until=until)
        stored = await _store(request).page(time_range, after=after, limit=limit)
    # The list may be very long, and other requests must not wait for it.
    content = await asyncio.to_thread(_rendered, stored)
    return Response(content, media_type="application/json")


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz")
async def show_health() -> schemas.Health:
    """Return 200 while the gateway runs."""
    return schemas.Health()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    store: SqlitePaymentStore = app.state.store
    await store.open()
    yield
    await store.close()


def _store(request: Request) -> SqlitePaymentStore:
    store: SqlitePaymentStore = request.app.state.store
    return store


async def _run(request: Request, operation: Operation) -> None:
    response = await _store(request).run(operation)
    if not isinstance(response, Succeeded):
        raise problems.RejectedOperation(response)


def _rendered(stored: Sequence[StoredPayment]) -> str:
    items = [schemas.Payment.of(each) for each in stored]
    return schemas.PaymentList(items=items).model_dump_json()


async def _hang(request: Request) -> None:
    """Wait until the client has disconnected, or longer than any shop waits."""
    clock: Clock = request.app.state.clock
    disconnected = asyncio.ensure_future(request.receive())
    elapsed = asyncio.ensure_future(clock.sleep(HANG_SECONDS))
    _, pending = await asyncio.wait({disconnected, elapsed}, return_when=asyncio.FIRST_COMPLETED)
    for each in pending:
        each.cancel()
