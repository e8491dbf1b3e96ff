"""Checks addresses by the rules of their countries."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence

from shop.application.ports.postal_rules import PostalRules
from shop.domain.address import Address, AddressFault, InvalidAddress

MAX_KNOWN = 1_000


class UncheckedAddresses(Exception):
    """Stored addresses have to be checked, outside of the unit of work that asks."""

    def __init__(self, addresses: Collection[Address]) -> None:
        super().__init__("addresses have to be checked first")
        self.addresses = addresses


class AddressChecks:
    """Normalises new addresses, and finds what is wrong with stored ones.

    The rules of a country can have changed since an address was stored. What is known of an
    address is kept, because each cart with it asks.
    """

    def __init__(self, rules: PostalRules) -> None:
        self._rules = rules
        self._known: dict[Address, Sequence[AddressFault]] = {}

    async def normalise(
        self, addresses: Mapping[str, Address | None]
    ) -> Mapping[str, Address | None]:
        """Return addresses in their countries' forms; raise `InvalidAddress` with all faults.

        They have the names of the members that they are.
        """
        normalised: dict[str, Address | None] = {}
        faults: list[AddressFault] = []
        for member, address in addresses.items():
            try:
                normalised[member] = await self._normalise(address, member)
            except InvalidAddress as error:
                faults += error.faults
        if faults:
            raise InvalidAddress.of(faults)
        return normalised

    async def find_faults(
        self, addresses: Iterable[Address]
    ) -> Mapping[Address, Sequence[AddressFault]]:
        """Return the faults of each stored address, mostly none."""
        return {each: await self._find(each) for each in set(addresses)}

    def known_faults(
        self, addresses: Collection[Address]
    ) -> Mapping[Address, Sequence[AddressFault]]:
        """Return what `find_faults` has found; raise `UncheckedAddresses` if one is not known."""
        if any(each not in self._known for each in addresses):
            raise UncheckedAddresses(addresses)
        return {each: self._known[each] for each in addresses}

    async def _normalise(self, address: Address | None, member: str) -> Address | None:
        if address is None:
            return None
        try:
            # The first address loads the data of its country, for which no request should wait.
            return await asyncio.to_thread(self._rules.normalise, address)
        except InvalidAddress as error:
            raise error.within(member) from error

    async def _find(self, address: Address) -> Sequence[AddressFault]:
        faults = self._known.pop(address, None)
        if faults is None:
            faults = await asyncio.to_thread(self._check, address)
        # The last one that was asked for is kept longest.
        self._known[address] = faults
        if len(self._known) > MAX_KNOWN:
            del self._known[next(iter(self._known))]
        return faults

    def _check(self, address: Address) -> Sequence[AddressFault]:
        try:
            self._rules.normalise(address)
        except InvalidAddress as error:
            return error.faults
        return ()
