"""Checks the path of a SQLite database, before anything is opened or created there."""

from collections.abc import Sequence
from pathlib import Path

from shop.entrypoints.cli.errors import CliError


def require_folder(file: Path, beside: Sequence[Path]) -> None:
    """Raise `CliError` if the database's folder is missing."""
    del beside
    if not file.parent.is_dir():
        raise CliError(f"the folder {file.parent} of the database file {file.name} does not exist")


def require_file_unless_new(file: Path, beside: Sequence[Path]) -> None:
    """Raise `CliError` if the database is missing, but files that it had beside it are not.

    A new shop creates its database first. So another file without it belongs to a shop whose
    database was moved or deleted, and a new database would hide that.
    """
    require_folder(file, beside)
    # In this order: another process may be creating the shop.
    left = [each for each in beside if each.exists()]
    if left and not file.exists():
        names = ", ".join(str(each.absolute()) for each in left)
        raise CliError(
            f"the database file {file.absolute()} is missing, but files of its shop are there"
            f" ({names}); put the database file back, or run `shop restore`, or move those files"
            " away to start a new shop"
        )


def require_file(file: Path, beside: Sequence[Path]) -> None:
    """Raise `CliError` if there is no database."""
    require_file_unless_new(file, beside)
    if not file.is_file():
        raise CliError(f"the database file {file.absolute()} does not exist; run `shop migrate`")
