"""Schemas of users: sign-up, credentials and passwords."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field

from shop.domain.password import (
    MAX_PASSWORD_CHARACTERS,
    MIN_PASSWORD_CHARACTERS,
    normalise_password,
)
from shop.domain.shared.errors import InvalidValue
from shop.domain.user import (
    MAX_EMAIL_CHARACTERS,
    MAX_NAME_CHARACTERS,
    Role,
    User,
)
from shop.entrypoints.http.api.ledger.schemas import AccountResponse
from shop.entrypoints.http.email_addresses import NewEmail
from shop.entrypoints.http.schemas import NEW_TEXT, RequestBody, ResponseBody, Time
from shop.entrypoints.validation_messages import SINGLE_LINE_PATTERN

MAX_PASSWORD_INPUT_CHARACTERS = 1024
"""Longer than any password; the bound saves the shop from hashing long guesses."""


def _password(text: str) -> str:
    try:
        return normalise_password(text)
    except InvalidValue as error:
        raise ValueError(error.rule) from error


NewPassword = Annotated[
    str,
    Field(
        max_length=MAX_PASSWORD_INPUT_CHARACTERS,
        examples=["correct horse battery staple"],
        description=f"{MIN_PASSWORD_CHARACTERS} to {MAX_PASSWORD_CHARACTERS} characters, counted "
        "after normalisation (NFKC). Any characters except NUL; no common password, and neither "
        "the user's name nor e-mail address.",
    ),
    AfterValidator(_password),
]
PasswordInput = Annotated[
    str, Field(max_length=MAX_PASSWORD_INPUT_CHARACTERS, examples=["correct horse battery staple"])
]


class NewUser(RequestBody):
    """A visitor who signs up as a customer."""

    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_NAME_CHARACTERS,
            pattern=SINGLE_LINE_PATTERN,
            examples=["Ada Lovelace"],
        ),
        NEW_TEXT,
    ]
    email: NewEmail
    password: NewPassword


class Credentials(RequestBody):
    """An e-mail address and a password; malformed ones are answered like wrong ones."""

    email: Annotated[str, Field(max_length=MAX_EMAIL_CHARACTERS, examples=["ada@example.com"])]
    password: PasswordInput


class PasswordChange(RequestBody):
    """The current password and the new one."""

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
        """Render a user, without the password hash."""
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
