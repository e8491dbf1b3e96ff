"""Passwords: their one form, their length, and what makes one easy to guess."""

import re
import unicodedata

from shop.domain.shared.errors import InvalidValue

MIN_PASSWORD_CHARACTERS = 8
MAX_PASSWORD_CHARACTERS = 128

LENGTH_RULE = f"must be {MIN_PASSWORD_CHARACTERS} to {MAX_PASSWORD_CHARACTERS} characters"

MIN_PART_LETTERS = 4
"""A shorter part of a name, such as "de", does not make a password personal."""

_NAME_SEPARATORS = re.compile(r"[\W_]+")
_DIGITS = "0123456789"


def normalise_password(text: str, field: str = "password") -> str:
    """Return a new password in NFKC, its one form; raise `InvalidValue`.

    NIST SP 800-63B asks for one form, because keyboards send "é" as one character or as two. The
    length counts after that. Any characters are allowed (ASVS 5.0, 6.2) except NUL and lone
    surrogates, at which other software stops.
    """
    if "\0" in text or any("\ud800" <= each <= "\udfff" for each in text):
        raise InvalidValue(field=field, rule="must not contain NUL or a lone surrogate")
    password = _normalise(text)
    if not MIN_PASSWORD_CHARACTERS <= len(password) <= MAX_PASSWORD_CHARACTERS:
        raise InvalidValue(field=field, rule=LENGTH_RULE)
    return password


def password_forms(text: str) -> tuple[str, ...]:
    """Return what a stored hash may have been made of: the password's one form, then the text.

    Hashes of earlier releases were made of the text as it came.
    """
    forms = dict.fromkeys((_normalise(text), text))
    # Hashing a longer password than any user can have would only cost time.
    possible = tuple(each for each in forms if len(each) <= MAX_PASSWORD_CHARACTERS)
    return possible or (text[: MAX_PASSWORD_CHARACTERS + 1],)


def comparison_key(password: str) -> str:
    """Return the form in which passwords are compared with common ones: without case."""
    return _normalise(_normalise(password).casefold()).strip()


def is_personal(password: str, *, name: str, email: str) -> bool:
    """Check for the name, the e-mail address or a part of them, also with digits around it.

    Case, spaces and punctuation do not count.
    """
    letters = _letters(password)
    local_part = email.rpartition("@")[0]
    parts = _NAME_SEPARATORS.split(f"{name} {local_part}")
    personal = {_letters(part) for part in parts if len(part) >= MIN_PART_LETTERS}
    personal |= {_letters(whole) for whole in (name, email, local_part)}
    personal.discard("")
    return not personal.isdisjoint({letters, letters.strip(_DIGITS)})


def _normalise(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _letters(text: str) -> str:
    return _NAME_SEPARATORS.sub("", comparison_key(text))
