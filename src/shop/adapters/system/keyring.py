"""Secrets of the operator, and the keys that are derived from them."""

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
    """A list of secrets, the newest first: the first seals, all open.

    Every purpose has keys of its own, so that a value made for one is worthless for another.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if isinstance(secrets, str) or not secrets:
            raise ValueError("a keyring takes a list of at least one secret")
        self._secrets = tuple(secrets)

    def keys(self, purpose: str) -> tuple[bytes, ...]:
        """Return the keys for a purpose, 32 bytes each, the newest first."""
        return tuple(
            hmac.digest(secret.encode(), f"shop {purpose}".encode(), hashlib.sha256)
            for secret in self._secrets
        )


def new_secret() -> str:
    """Return a new secret: 256 random bits, as text."""
    return secrets.token_urlsafe(SECRET_BYTES)


def load_or_create_secret(file: Path) -> str:
    """Return the secret kept in a file; the first call makes both.

    The file is its owner's alone. It appears whole or not at all, so that of two processes that
    start at once, both end with the same secret.
    """
    try:
        return file.read_text().strip()
    except FileNotFoundError:
        pass
    # A draft that a crash left behind has a name that nobody else will choose.
    with NamedTemporaryFile("w", dir=file.parent, prefix=f"{file.name}.") as draft:
        draft.write(f"{new_secret()}\n")
        draft.flush()
        os.fsync(draft.fileno())
        with suppress(FileExistsError):
            os.link(draft.name, file)
    return file.read_text().strip()
