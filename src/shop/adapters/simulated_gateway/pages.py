"""The page of the simulated gateway where a customer approves or declines a payment.

The payment's id is random, so only its customer knows the address. The page works without scripts,
and its forms have no fields: the address that they are sent to is the decision.
"""

from collections.abc import Awaitable, Callable, Sequence
from html import escape
from http import HTTPStatus
from string import Template

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from shop.adapters.simulated_gateway import operations
from shop.adapters.simulated_gateway.responses import Failed
from shop.adapters.simulated_gateway.store.payment_store import PaymentStore
from shop.application.ports.payment_gateway import ActionRequired, Approved, GatewayPayment

PREFIX = "/gateway/payments"
"""The gateway's own API has other paths, and so has the shop's."""

Decided = Callable[[GatewayPayment], Awaitable[None]]

_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
}

# Browsers would send a form without its origin if they may send no referrer.
_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="same-origin">
<title>Simulated gateway: $title</title>
</head>
<body>
<h1>$title</h1>
<p>Amount: <strong>$amount</strong>. This is the simulated gateway: no money moves.</p>
$content
</body>
</html>
""")

_FORMS = Template("""<form method="post" action="$path/approve"><button>Approve</button></form>
<form method="post" action="$path/decline"><button>Decline</button></form>""")


def page_path(payment_id: str) -> str:
    """Return the path of the page of a payment."""
    return f"{PREFIX}/{payment_id}"


def page_routes(
    store: PaymentStore, *, back_path: str | None, decided: Decided | None
) -> Sequence[BaseRoute]:
    """Return the routes of the page and its two decisions.

    `back_path` is where the page links to after the decision; `decided` is called with the payment.
    """

    async def show(request: Request) -> Response:
        payment = await _find(store, request)
        path = page_path(payment.id)
        return HTMLResponse(_render(payment, path, back_path), headers=_HEADERS)

    def decide(*, approved: bool) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            payment = await _find(store, request)
            operation = operations.authenticate(payment.id, approved=approved)
            # A payment that was decided before stays as it is, and the page says so.
            if not isinstance(await store.run(operation), Failed) and decided is not None:
                await decided(payment)
            path = page_path(payment.id)
            return RedirectResponse(path, HTTPStatus.SEE_OTHER, headers=_HEADERS)

        return endpoint

    path = f"{PREFIX}/{{payment_id}}"
    return [
        Route(path, show, methods=["GET"]),
        Route(f"{path}/approve", decide(approved=True), methods=["POST"]),
        Route(f"{path}/decline", decide(approved=False), methods=["POST"]),
    ]


async def _find(store: PaymentStore, request: Request) -> GatewayPayment:
    stored = await store.payment(request.path_params["payment_id"])
    if stored is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return stored.payment


def _render(payment: GatewayPayment, path: str, back_path: str | None) -> str:
    if isinstance(payment.current_result, ActionRequired):
        title, content = "Approve this payment?", _FORMS.substitute(path=escape(path))
    else:
        is_approved = isinstance(payment.current_result, Approved)
        title = "The payment is approved" if is_approved else "The payment is not approved"
        content = "<p>Go back to the shop: the order follows within seconds.</p>"
        if back_path is not None:
            content = f'<p><a href="{escape(back_path)}">Back to the shop</a></p>'
    return _PAGE.substitute(title=title, amount=escape(str(payment.amount)), content=content)
