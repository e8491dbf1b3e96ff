"""Checks what a new order says of its recipient, before the unit of work that decides it."""

from dataclasses import replace

from shop.application.checkout.address_checks import AddressChecks
from shop.application.checkout.placement_batch import PlaceOrder
from shop.domain.address import InvalidAddress
from shop.domain.orders.order_details import OrderDetails
from shop.domain.shared.errors import InvalidValue


class DetailsChecks:
    """Gives the details of new orders their normal form."""

    def __init__(self, addresses: AddressChecks) -> None:
        self._addresses = addresses

    async def check(self, command: PlaceOrder) -> PlaceOrder:
        """Return the command with its details in their normal form, or with what is wrong in them.

        It is not raised here: a key that has an outcome is answered by it, whatever the rules of
        countries say by now.
        """
        if command.details.is_empty:
            return command
        try:
            return replace(command, checked_details=await self._normalise(command.details))
        except (InvalidAddress, InvalidValue) as error:
            return replace(command, checked_details=error)

    async def _normalise(self, details: OrderDetails) -> OrderDetails:
        details = details.normalise()
        addresses = await self._addresses.normalise(
            {
                "shipping_address": details.shipping_address,
                "billing_address": details.billing_address,
            }
        )
        return replace(
            details,
            shipping_address=addresses["shipping_address"],
            billing_address=addresses["billing_address"],
        )
