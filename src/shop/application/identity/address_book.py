"""The address book of a customer."""

import asyncio
from dataclasses import replace
from functools import partial
from uuid import UUID

from shop.application.identity.authentication import SessionAuthenticator
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.postal_rules import PostalRules
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.address import (
    MAX_ADDRESSES,
    Address,
    AddressNotFound,
    SavedAddress,
    TooManyAddresses,
)
from shop.domain.shared.value import value
from shop.domain.user import User


@value
class AddAddress:
    """Add an address to the user's own book."""

    session: SessionToken | None
    address: Address


@value
class ReplaceAddress:
    """Replace an address of the user's own book."""

    session: SessionToken | None
    address_id: UUID
    address: Address


@value
class RemoveAddress:
    """Remove an address from the user's own book."""

    session: SessionToken | None
    address_id: UUID


class AddressBook:
    """Shows and changes the addresses of the user who asks, and of no other user."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        rules: PostalRules,
        clock: Clock,
        ids: IdGenerator,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def show(
        self, user: User, page: PageRequest[TimeCursor]
    ) -> Page[SavedAddress, TimeCursor]:
        """Return a page of a user's addresses, newest first."""
        return await self._transactions.read(lambda uow: uow.addresses.of_user(user.id, page))

    async def add(self, command: AddAddress) -> SavedAddress:
        """Add an address to the book.

        Raise `NotSignedIn`, `SessionExpired`, `InvalidAddress` or `TooManyAddresses`.
        """
        address = await self._normalised(command.address)
        # The same id in every attempt: one that was committed without an answer is found again.
        work = partial(self._add, command.session, address, self._ids.new())
        return await self._transactions.write(work, retryable=True)

    async def _add(
        self, session: SessionToken | None, address: Address, address_id: UUID, uow: UnitOfWork
    ) -> SavedAddress:
        user = await self._lock_book(session, uow)
        if added := await uow.addresses.find(user.id, address_id):
            return added
        if await uow.addresses.count(user.id) >= MAX_ADDRESSES:
            raise TooManyAddresses(limit=MAX_ADDRESSES)
        saved = SavedAddress(
            id=address_id, user_id=user.id, address=address, created_at=self._clock.now()
        )
        uow.addresses.add(saved)
        await uow.commit()
        return saved

    async def replace(self, command: ReplaceAddress) -> SavedAddress:
        """Replace an address of the book.

        Raise `NotSignedIn`, `SessionExpired`, `InvalidAddress` or `AddressNotFound`.
        """
        address = await self._normalised(command.address)
        work = partial(self._replace, command.session, address, command.address_id)
        return await self._transactions.write(work, retryable=True)

    async def _replace(
        self, session: SessionToken | None, address: Address, address_id: UUID, uow: UnitOfWork
    ) -> SavedAddress:
        saved = replace(await self._lock_address(session, address_id, uow), address=address)
        uow.addresses.save(saved)
        await uow.commit()
        return saved

    async def remove(self, command: RemoveAddress) -> None:
        """Remove an address from the book.

        Raise `NotSignedIn`, `SessionExpired` or `AddressNotFound`.
        """
        work = partial(self._remove, command.session, command.address_id)
        # A retry after an unknown outcome could miss the address that it has removed itself.
        await self._transactions.write(work, retryable=False)

    async def _remove(
        self, session: SessionToken | None, address_id: UUID, uow: UnitOfWork
    ) -> None:
        uow.addresses.remove(await self._lock_address(session, address_id, uow))
        await uow.commit()

    async def _lock_address(
        self, session: SessionToken | None, address_id: UUID, uow: UnitOfWork
    ) -> SavedAddress:
        user = await self._lock_book(session, uow)
        found = await uow.addresses.find(user.id, address_id)
        if found is None:
            raise AddressNotFound
        return found

    async def _lock_book(self, session: SessionToken | None, uow: UnitOfWork) -> User:
        """Lock the user's book, so that two additions at once do not exceed its limit."""
        user = await self._authenticator.require_user(uow, session)
        await uow.users.lock([user.id])
        return user

    async def _normalised(self, address: Address) -> Address:
        # The first address loads the data of its country, for which no request should wait.
        return await asyncio.to_thread(self._rules.normalise, address)
