"""Decides which new passwords are accepted, and matches passwords with stored hashes."""

from shop.application.ports.common_passwords import CommonPasswords
from shop.application.ports.password_hasher import PasswordHasher
from shop.domain.password import is_personal, password_forms
from shop.domain.shared.errors import InvalidValue

COMMON_RULE = "must not be a common password; three unrelated words are a good one"
PERSONAL_RULE = "must not be your name or e-mail address, also not with digits added"


class PasswordPolicy:
    """The rules for new passwords beyond their length (ASVS 5.0, 6.2.4; NIST SP 800-63B)."""

    def __init__(self, common_passwords: CommonPasswords) -> None:
        self._common_passwords = common_passwords

    def require_acceptable(self, password: str, *, field: str, name: str, email: str) -> None:
        """Raise `InvalidValue` for a common password, or one made of the user's name or address."""
        if is_personal(password, name=name, email=email):
            raise InvalidValue(field=field, rule=PERSONAL_RULE)
        if self._common_passwords.contains(password):
            raise InvalidValue(field=field, rule=COMMON_RULE)


async def find_matching_form(
    hasher: PasswordHasher, password_hash: str | None, text: str
) -> str | None:
    """Return the form of a password that matches the hash, or None.

    The time depends on the text alone unless a form matches, so it does not show whether the user
    exists.
    """
    for form in password_forms(text):
        if await hasher.verify(password_hash, form):
            return form
    return None
