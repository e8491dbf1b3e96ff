"""Users: who someone is to the shop."""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shop.domain.shared.errors import AccessDenied, Conflict, InvalidValue, NotFound
from shop.domain.shared.text import is_single_line

MAX_EMAIL_CHARACTERS = 254
"""RFC 5321, section 4.5.3.1.3, less the angle brackets."""
MAX_NAME_CHARACTERS = 100
MIN_PASSWORD_CHARACTERS = 8
MAX_PASSWORD_CHARACTERS = 128

_EMAIL = re.compile(
    r"[^\s@\"(),:;<>\[\\\]\x00-\x1f\x7f]{1,64}@(?:[^\W_](?:[^\W_]|-){0,62}\.)*[^\W_](?:[^\W_]|-){0,62}"
)


class Role(StrEnum):
    """What a user may do beyond looking: buy, or run the shop."""

    CUSTOMER = "customer"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody with a name, an e-mail address of their own and a password."""

    id: UUID
    name: str
    email: str
    password_hash: str
    roles: frozenset[Role]
    enabled: bool
    created_at: datetime

    def with_role(self, role: Role) -> "User":
        """Return the user with one role more."""
        return replace(self, roles=self.roles | {role})

    def without_role(self, role: Role) -> "User":
        """Return the user with one role less."""
        return replace(self, roles=self.roles - {role})

    def with_password_hash(self, password_hash: str) -> "User":
        """Return the user with another password."""
        return replace(self, password_hash=password_hash)

    def require(self, role: Role) -> None:
        """Raise `Forbidden` unless the user has this role."""
        if role not in self.roles:
            raise Forbidden(role=role.value)


def normalise_email(text: str, field: str = "email") -> str:
    """Return the address in the one form under which it is unique: composed and lower case.

    Raise `InvalidValue` where it is no address. Delivery alone proves an address, so the syntax
    asks for no more than one mailbox and one host name.
    """
    # Lower case may be composed once more.
    email = _normalise_unicode(_normalise_unicode(text.strip()).lower())
    if len(email) > MAX_EMAIL_CHARACTERS or not _EMAIL.fullmatch(email):
        raise InvalidValue(field=field, rule="an e-mail address looks like name@example.com")
    return email


def _normalise_unicode(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def normalise_name(text: str) -> str:
    """Return the name composed and stripped; raise `InvalidValue` if nothing is left."""
    name = _normalise_unicode(text).strip()
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS or not is_single_line(name):
        rule = f"a name has 1 to {MAX_NAME_CHARACTERS} characters in one line"
        raise InvalidValue(field="name", rule=rule)
    return name


def require_password(text: str, field: str = "password") -> None:
    """Raise `InvalidValue` unless it has 8 to 128 characters, of any kind (ASVS 5.0, 6.2)."""
    if not MIN_PASSWORD_CHARACTERS <= len(text) <= MAX_PASSWORD_CHARACTERS:
        raise InvalidValue(
            field=field,
            rule=f"it has {MIN_PASSWORD_CHARACTERS} to {MAX_PASSWORD_CHARACTERS} characters",
        )


class EmailTaken(Conflict):
    """The e-mail address already belongs to a user."""

    code = "email-taken"
    message = "This e-mail address is already in use."


class InvalidCredentials(AccessDenied):
    """No user has this e-mail address and this password; which of the two is not told."""

    code = "wrong-credentials"
    message = "The e-mail address or the password is wrong."


@dataclass(kw_only=True, unsafe_hash=True)
class Forbidden(AccessDenied):
    """The user lacks the role that this takes."""

    role: str

    code = "forbidden"
    message = "This takes the role {role}."


class UserNotFound(NotFound):
    """No such user."""

    code = "user-not-found"
    message = "There is no such user."
