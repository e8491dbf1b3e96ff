"""Routes of the address book."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from shop.application.identity.address_book import AddAddress, RemoveAddress, ReplaceAddress
from shop.domain.address import AddressNotFound, TooManyAddresses
from shop.entrypoints.http.api.addresses.schemas import (
    AddressInput,
    AddressList,
    SavedAddressResponse,
)
from shop.entrypoints.http.api.pagination import TimeCursorQuery
from shop.entrypoints.http.api.router import api_router
from shop.entrypoints.http.dependencies import AddressBookDependency, SignedInUser
from shop.entrypoints.http.openapi.document import SIGNED_IN_ERRORS, error_responses

router = api_router("addresses", prefix="/api/v1/addresses")

AddressId = Annotated[UUID, Path(examples=["01932b7e-8f3c-7a17-9c4e-7d8e9f0a1b23"])]


@router.get("", responses=error_responses(*SIGNED_IN_ERRORS))
async def list_addresses(
    principal: SignedInUser,
    query: Annotated[TimeCursorQuery, Query()],
    book: AddressBookDependency,
) -> AddressList:
    """List the addresses of the address book, newest first."""
    return AddressList.of(await book.show(principal.user, query.to_page_request()))


@router.post(
    "",
    status_code=201,
    responses=error_responses(*SIGNED_IN_ERRORS, TooManyAddresses),
)
async def add_address(
    body: AddressInput, principal: SignedInUser, book: AddressBookDependency
) -> SavedAddressResponse:
    """Add an address to the address book."""
    command = AddAddress(session=principal.token, address=body.to_address())
    return SavedAddressResponse.of_saved(await book.add(command))


@router.put("/{address_id}", responses=error_responses(*SIGNED_IN_ERRORS, AddressNotFound))
async def replace_address(
    address_id: AddressId,
    body: AddressInput,
    principal: SignedInUser,
    book: AddressBookDependency,
) -> SavedAddressResponse:
    """Replace an address of the address book."""
    command = ReplaceAddress(
        session=principal.token, address_id=address_id, address=body.to_address()
    )
    return SavedAddressResponse.of_saved(await book.replace(command))


@router.delete(
    "/{address_id}",
    status_code=204,
    response_class=Response,
    response_description="The address is no longer in the address book.",
    responses=error_responses(*SIGNED_IN_ERRORS, AddressNotFound),
)
async def remove_address(
    address_id: AddressId, principal: SignedInUser, book: AddressBookDependency
) -> None:
    """Remove an address from the address book."""
    await book.remove(RemoveAddress(session=principal.token, address_id=address_id))
