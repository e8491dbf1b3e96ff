"""The operator's secrets, and the keys derived from them."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

SECRET_BYTES = 32


class Keyring:
    """A list of secrets, newest first: the first encrypts, all decrypt.

    Each purpose has its own keys, so that a value for one purpose is useless for another.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if isinstance(secrets, str) or not secrets:
            raise ValueError("secrets must be a list of at least one secret")
        self._secrets = tuple(secrets)

    def keys(self, purpose: str) -> tuple[bytes, ...]:
        """Derive the keys of a purpose, 32 bytes each, newest first."""
        return tuple(
            hmac.digest(secret.encode(), f"shop {purpose}".encode(), hashlib.sha256)
            for secret in self._secrets
        )


class KeyedHash:
    """Stands for texts in logs, so that equal ones are recognised and none can be read."""

    def __init__(self, secrets: Sequence[str], purpose: str) -> None:
        self._key = Keyring(secrets).keys(purpose)[0]

    def of(self, text: str) -> str:
        """Return 64 bits of the text's hash under the newest key, in hexadecimal."""
        return hmac.digest(self._key, text.encode(errors="replace"), hashlib.sha256).hex()[:16]


def new_secret() -> str:
    """Return a new secret of 256 random bits as text."""
    return secrets.token_urlsafe(SECRET_BYTES)


def load_or_create_secret(file: Path) -> str:
    """Return the secret in a file that only its owner can read; create it if missing.

    The file appears with its content, so that two processes that start at once get one secret.
    """
    try:
        return file.read_text().strip()
    except FileNotFoundError:
        pass
    # The random name avoids a conflict with a draft that a crash left behind.
    with NamedTemporaryFile("w", dir=file.parent, prefix=f"{file.name}.") as draft:
        draft.write(f"{new_secret()}\n")
        draft.flush()
        os.fsync(draft.fileno())
        with suppress(FileExistsError):
            os.link(draft.name, file)
    return file.read_text().strip()
