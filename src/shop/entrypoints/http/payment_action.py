"""What a customer has to do before a card payment has an outcome, and where to look for it."""

from collections.abc import Mapping
from urllib.parse import urljoin

from starlette.requests import Request

from shop.application.ports.payment_gateway import ActionRequired
from shop.domain.shared.value import value
from shop.entrypoints.http.schemas import RedirectAction, StripeAction

RETRY_AFTER_SECONDS = 2


@value
class RequiredAction:
    """The step that a gateway requires of a customer, as responses render it."""

    client_secret: str | None
    response: RedirectAction | StripeAction | None

    @classmethod
    def of(cls, action: ActionRequired | None, request: Request) -> "RequiredAction | None":
        """Return the step; a path of the shop becomes a URL of the request's host."""
        if action is None:
            return None
        response: RedirectAction | StripeAction | None = None
        if action.redirect_url is not None:
            response = RedirectAction(url=urljoin(_origin(request), action.redirect_url))
        elif action.client_secret is not None:
            response = StripeAction(client_secret=action.client_secret)
        return cls(client_secret=action.client_secret, response=response)


def pending_headers(path: str) -> Mapping[str, str]:
    """Return the headers of a response about what is pending, which can be read at a path."""
    return {"location": path, "retry-after": str(RETRY_AFTER_SECONDS)}


def _origin(request: Request) -> str:
    # In production a proxy terminates TLS.
    is_production = request.app.state.container.settings().is_production
    return str(request.base_url.replace(scheme="https") if is_production else request.base_url)
