"""Puts products into carts, whose new sessions are limited by address."""

from dataclasses import replace

from shop.application.checkout.cart import CartService, PutCartLine
from shop.application.checkout.cart_changes import CartChanged
from shop.application.identity.visitor_sessions import VisitorSessions
from shop.domain.session import NotSignedIn


class LimitedCart:
    """Puts products into carts; only a request that begins a session asks the rate limiter."""

    def __init__(self, carts: CartService, visitor_sessions: VisitorSessions) -> None:
        self._carts = carts
        self._visitor_sessions = visitor_sessions

    async def put(self, command: PutCartLine, address: str) -> CartChanged:
        """Set the quantity of a product in the cart.

        Errors: those of `CartService.put`, and `TooManyRequests`.
        """
        if command.session is not None:
            try:
                return await self._carts.put_in_existing(command)
            except NotSignedIn:
                # The token opens no session: this request begins one, like one without a token.
                command = replace(command, session=None)
        await self._visitor_sessions.begin(address)
        return await self._carts.put(command)
