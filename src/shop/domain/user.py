"""Users: names, e-mail addresses and roles."""

import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shop.domain.shared.errors import AccessDenied, Conflict, InvalidValue, NotFound
from shop.domain.shared.hidden_characters import describe_character, find_hidden_character
from shop.domain.shared.text import is_single_line, require_text
from shop.domain.shared.value import value

MAX_EMAIL_CHARACTERS = 254
"""RFC 5321, section 4.5.3.1.3, without the angle brackets."""
MAX_NAME_CHARACTERS = 100

_ACE_PREFIX = "xn--"


class Role(StrEnum):
    """What a user may do."""

    CUSTOMER = "customer"  # Buy.
    ADMIN = "admin"  # Run the shop.


@value
class User:
    """A person with a unique e-mail address and a password.

    A guest has neither, see `domain.guest`.
    """

    id: UUID
    name: str
    email: str
    password_hash: str
    roles: frozenset[Role]
    enabled: bool
    created_at: datetime
    is_guest: bool = False

    def with_role(self, role: Role) -> "User":
        """Add a role."""
        return replace(self, roles=self.roles | {role})

    def without_role(self, role: Role) -> "User":
        """Remove a role."""
        return replace(self, roles=self.roles - {role})

    def with_access(self, *, enabled: bool) -> "User":
        """Enable or disable the user: a disabled one cannot sign in or use a session."""
        return replace(self, enabled=enabled)

    def with_password_hash(self, password_hash: str) -> "User":
        """Replace the password."""
        return replace(self, password_hash=password_hash)

    @property
    def is_admin(self) -> bool:
        """Whether the user is an admin."""
        return Role.ADMIN in self.roles

    def require(self, role: Role) -> None:
        """Raise `Forbidden` unless the user has this role."""
        if role not in self.roles:
            raise Forbidden(role=role.value)


def normalise_email(text: str, field: str = "email") -> str:
    """Normalise an address to composed lower case, the one form under which it is unique.

    Raise `InvalidValue` unless it has a name and a host, on one line. Stricter rules apply at
    sign-up only: existing users keep the addresses that earlier rules allowed.
    """
    # Lower-casing can produce decomposed characters.
    email = _normalise_unicode(_normalise_unicode(text.strip()).lower())
    name, _, host = email.rpartition("@")
    if len(email) > MAX_EMAIL_CHARACTERS or not (name and host and is_single_line(email)):
        raise InvalidValue(field=field, rule="must be an e-mail address such as name@example.com")
    return email


def _normalise_unicode(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def normalise_new_email(text: str, field: str = "email") -> str:
    """Normalise the address of a new user, its domain in Unicode (IDNA).

    Raise `InvalidValue` also for invisible characters, with which it would look like another.
    """
    email = normalise_email(text, field)
    if hidden := find_hidden_character(email, allows_joiners=False):
        raise InvalidValue(field=field, rule=f"must not contain {describe_character(hidden)}")
    return email_forms(email)[1]


def email_forms(email: str) -> tuple[str, str, str]:
    """Return a normalised address as it is, with its domain in Unicode, and with it in ASCII.

    The three are one address. Users of earlier releases have it as they wrote it, so look for all
    of them, and prefer the first one.
    """
    name, _, domain = email.rpartition("@")
    labels = domain.split(".")
    unicode_domain = ".".join(map(_to_unicode, labels))
    ascii_domain = ".".join(map(_to_ascii, unicode_domain.split(".")))
    return email, f"{name}@{unicode_domain}", f"{name}@{ascii_domain}"


def _to_unicode(label: str) -> str:
    """Decode an A-label (RFC 5890); return any other label as it is."""
    if not label.startswith(_ACE_PREFIX):
        return label
    try:
        decoded = label.removeprefix(_ACE_PREFIX).encode("ascii").decode("punycode")
    except UnicodeError:
        return label
    return decoded if _to_ascii(decoded) == label else label


def _to_ascii(label: str) -> str:
    return label if label.isascii() else _ACE_PREFIX + label.encode("punycode").decode("ascii")


def normalise_name(text: str) -> str:
    """Compose and strip a name; raise `InvalidValue` if it is empty, too long or invisible."""
    name = _normalise_unicode(text).strip()
    rule = f"must be 1 to {MAX_NAME_CHARACTERS} characters on one line"
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise InvalidValue(field="name", rule=rule)
    require_text(name, "name")
    if not is_single_line(name):
        raise InvalidValue(field="name", rule=rule)
    return name


class EmailTaken(Conflict):
    """The e-mail address already belongs to a user."""

    code = "email-taken"
    message = "This e-mail address is already in use."


class InvalidCredentials(AccessDenied):
    """The e-mail address or the password is wrong; which one stays secret."""

    code = "wrong-credentials"
    message = "The e-mail address or the password is wrong."


class WrongPassword(AccessDenied):
    """The current password of a signed-in user is wrong."""

    code = "wrong-password"
    message = "The current password is wrong."


@dataclass(kw_only=True, unsafe_hash=True)
class Forbidden(AccessDenied):
    """The user lacks the required role."""

    role: str

    code = "forbidden"
    message = "This requires the role {role}."


class UserNotFound(NotFound):
    """The user does not exist."""

    code = "user-not-found"
    message = "There is no such user."
