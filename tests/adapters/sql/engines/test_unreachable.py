"""An operator reads why a database cannot be opened, without its password."""

import pytest
from asyncpg import InvalidCatalogNameError, InvalidPasswordError
from sqlalchemy import make_url

from shop.adapters.sql.engines.unreachable import explain_unreachable

POSTGRESQL = "postgresql+asyncpg://ada:hunter2@db.example/shop"
SQLITE = "sqlite+aiosqlite:///shop.db"


@pytest.mark.parametrize(
    ("error", "url", "problem"),
    [
        (
            InvalidPasswordError("hunter2"),
            POSTGRESQL,
            "PostgreSQL at db.example:5432 rejects the user ada or the password; check",
        ),
        (
            InvalidCatalogNameError("hunter2"),
            POSTGRESQL,
            "PostgreSQL at db.example:5432 has no database shop; create it, or correct",
        ),
        (
            TimeoutError(),
            POSTGRESQL,
            "the database at db.example:5432 cannot be reached; check that it is running, and",
        ),
    ],
)
def test_problem_names_what_to_check(error: Exception, url: str, problem: str) -> None:
    explained = explain_unreachable(error, make_url(url))

    assert explained == f"{problem} SHOP_DATABASE_URL or --database"


@pytest.mark.parametrize(
    ("error", "url"),
    [(PermissionError(), SQLITE), (ValueError(), POSTGRESQL), (None, POSTGRESQL)],
)
def test_error_of_another_kind_is_not_explained(error: Exception | None, url: str) -> None:
    assert explain_unreachable(error, make_url(url)) is None
