"""Secrets of the operator, and the keys that are derived from them."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

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


def kept_secret(file: Path) -> str:
    """Return the secret kept in a file; the first call makes both.

    The file is its owner's alone. It appears whole or not at all, so that of two processes that
    start at once, both end with the same secret.
    """
    try:
        return file.read_text().strip()
    except FileNotFoundError:
        pass
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as lines:
        lines.write(new_secret() + "\n")
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return file.read_text().strip()
