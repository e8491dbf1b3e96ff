"""Users, as they sign up, sign in, and are shown."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from shop.domain.user import (
    MAX_EMAIL_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_PASSWORD_CHARACTERS,
    MIN_PASSWORD_CHARACTERS,
    Role,
    User,
)
from shop.entrypoints.http.api.ledger.schemas import AccountResponse
from shop.entrypoints.http.schemas import (
    SINGLE_LINE_PATTERN,
    Email,
    RequestBody,
    ResponseBody,
    Time,
)

MAX_PASSWORD_INPUT_CHARACTERS = 1024
"""No password is as long; the bound keeps whoever guesses from having it hashed."""

NewPassword = Annotated[
    str,
    Field(
        min_length=MIN_PASSWORD_CHARACTERS,
        max_length=MAX_PASSWORD_CHARACTERS,
        examples=["correct horse battery staple"],
        description="Any characters at all.",
    ),
]
PasswordInput = Annotated[
    str, Field(max_length=MAX_PASSWORD_INPUT_CHARACTERS, examples=["correct horse battery staple"])
]


class NewUser(RequestBody):
    """Somebody who wants to become a customer."""

    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_NAME_CHARACTERS,
            pattern=SINGLE_LINE_PATTERN,
            examples=["Ada Lovelace"],
        ),
    ]
    email: Email
    password: NewPassword


class Credentials(RequestBody):
    """Who somebody claims to be. What cannot be right is answered like what is wrong."""

    email: Annotated[str, Field(max_length=MAX_EMAIL_CHARACTERS, examples=["ada@example.com"])]
    password: PasswordInput


class PasswordChange(RequestBody):
    """The password of now, and the one to be."""

    current: PasswordInput
    new: Annotated[NewPassword, Field(examples=["a better battery for the horse"])]


class UserResponse(ResponseBody):
    """A user."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a10-9d2e-5b6c7d8e9f01"])]
    name: Annotated[str, Field(max_length=MAX_NAME_CHARACTERS, examples=["Ada Lovelace"])]
    email: Annotated[str, Field(max_length=MAX_EMAIL_CHARACTERS, examples=["ada@example.com"])]
    roles: Annotated[list[Role], Field(examples=[["customer"]])]
    created_at: Time

    @classmethod
    def of(cls, user: User) -> Self:
        """Render a user, without what is nobody's business."""
        return cls(
            id=user.id,
            name=user.name,
            email=user.email,
            roles=sorted(user.roles),
            created_at=user.created_at,
        )


class SignedUpResponse(ResponseBody):
    """The new user and the user's account."""

    user: UserResponse
    account: AccountResponse
