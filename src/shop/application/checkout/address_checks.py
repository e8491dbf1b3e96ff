"""Checks addresses by the rules of their countries."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from shop.application.ports.postal_rules import PostalRules
from shop.domain.address import Address, AddressFault, InvalidAddress

MAX_KNOWN = 1_000


class AddressChecks:
    """Normalises new addresses, and finds what is wrong with stored ones.

    The rules of a country can have changed since an address was stored. What is known of an
    address is kept, because each cart with it asks.
    """

    def __init__(self, rules: PostalRules) -> None:
        self._rules = rules
        self._known: dict[Address, Sequence[AddressFault]] = {}

    async def normalise(self, address: Address | None, member: str) -> Address | None:
        """Return an address in its country's forms; raise `InvalidAddress` with its faults."""
        if address is None:
            return None
        try:
            # The first address loads the data of its country, for which no request should wait.
            return await asyncio.to_thread(self._rules.normalise, address)
        except InvalidAddress as error:
            raise error.within(member) from error

    async def find_faults(
        self, addresses: Iterable[Address]
    ) -> Mapping[Address, Sequence[AddressFault]]:
        """Return the faults of each stored address, mostly none."""
        return {each: await self._find(each) for each in set(addresses)}

    async def _find(self, address: Address) -> Sequence[AddressFault]:
        if address not in self._known:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._known[address] = await asyncio.to_thread(self._check, address)
        return self._known[address]

    def _check(self, address: Address) -> Sequence[AddressFault]:
        try:
            self._rules.normalise(address)
        except InvalidAddress as error:
            return error.faults
        return ()
