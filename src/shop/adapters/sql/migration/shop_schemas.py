"""Finds the schemas of a PostgreSQL database that hold a shop."""

from collections.abc import Sequence

from sqlalchemy import Row, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.adapters.sql.engines.errors import translating_errors
from shop.adapters.sql.engines.postgresql import create_engine_without_timeout
from shop.adapters.sql.engines.unreachable import explain_unreachable
from shop.adapters.sql.schema.tables import RESTORING
from shop.application.ports.shop_schemas import ShopSchema, ShopSchemas
from shop.application.ports.unit_of_work import DatabaseFailure, DatabaseUnreachable
from shop.domain.shared.money import Currency

_CANDIDATES = text("""
    SELECT
        nspname AS name,
        quote_ident(nspname) AS quoted,
        pg_get_userbyid(relowner) AS owner,
        pg_get_userbyid(relowner) = current_user AS is_own,
        (
            SELECT count(*) = 4 FROM pg_class AS others
            WHERE others.relnamespace = versions.relnamespace AND others.relkind IN ('r', 'p')
                AND others.relname IN ('accounts', 'inventories', 'order_lines', 'transfers')
        ) AS has_tables
    FROM pg_class AS versions JOIN pg_namespace ON pg_namespace.oid = versions.relnamespace
    WHERE relname = 'alembic_version' AND relkind IN ('r', 'p')
    ORDER BY nspname COLLATE "C"
""")
"""Schemas with a version table, which other programs also have, and whether they have tables that
every release of the shop has."""


class PostgresqlShopSchemas(ShopSchemas):
    """Looks for version tables beside tables of a shop."""

    def __init__(self, url: str, *, is_pooled: bool = False) -> None:
        self._url = make_url(url)
        self._is_pooled = is_pooled

    async def find(self) -> Sequence[ShopSchema]:
        """Read the catalogue of the database, and the currency of each shop of its role."""
        # It names every schema that it reads.
        engine = create_engine_without_timeout(self._url, "pg_catalog", is_pooled=self._is_pooled)
        try:
            with translating_errors():
                async with engine.connect() as connection:
                    rows = (await connection.execute(_CANDIDATES)).all()
                    found = [await _describe(connection, row) for row in rows]
        except DatabaseFailure as failure:
            if explanation := explain_unreachable(failure.__cause__, self._url):
                raise DatabaseUnreachable(explanation) from failure.__cause__
            raise
        finally:
            await engine.dispose()
        return [each for each in found if each is not None]


async def _describe(
    connection: AsyncConnection,
    row: Row[str, str, str, bool, bool],
) -> ShopSchema | None:
    name, quoted, owner, is_own, has_tables = row
    currency: str | None = None
    if is_own and has_tables:
        currency = await connection.scalar(
            text(f"SELECT currency FROM {quoted}.accounts WHERE kind = 'sales' LIMIT 1")  # noqa: S608  Quoted by the server.
        )
    elif is_own:
        version = await connection.scalar(
            text(f"SELECT version_num FROM {quoted}.alembic_version LIMIT 1")  # noqa: S608  As above.
        )
        has_tables = version == RESTORING
    if not has_tables:
        return None
    return ShopSchema(
        name=name,
        owner=owner,
        is_own=is_own,
        currency=None if currency is None else Currency(currency),
    )
