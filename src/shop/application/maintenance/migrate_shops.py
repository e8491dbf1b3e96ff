"""Migrates all shops of a database."""

from collections.abc import AsyncIterator
from typing import Protocol

from shop.application.ports.database import Database
from shop.application.ports.shop_schemas import ShopSchema, ShopSchemas
from shop.domain.shared.money import Currency
from shop.domain.shared.value import value


class OpenSchema(Protocol):
    """Opens the database of the shop in a schema."""

    def __call__(self, *, schema: str, currency: Currency) -> Database:
        """Return the database, to be closed by the caller."""


class OtherOwner(Exception):
    """The tables of a shop belong to another role, which must also own what is added."""


@value
class ShopMigration:
    """What became of one shop: migrated, up to date already, or failed."""

    schema: str
    version_before: str | None
    failure: Exception | None


class MigrateShops:
    """Migrates each shop of a database by itself; each keeps its currency."""

    def __init__(self, schemas: ShopSchemas, open_schema: OpenSchema, currency: Currency) -> None:
        self._schemas = schemas
        self._open_schema = open_schema
        self._currency = currency

    async def run(self) -> AsyncIterator[ShopMigration]:
        """Migrate the shops by the names of their schemas, and yield what became of each.

        A failure does not keep the others from being migrated. Raise `DatabaseUnavailable` if the
        database cannot be asked for its shops.
        """
        for found in await self._schemas.find():
            try:
                before = await self._migrate(found)
            except Exception as error:  # noqa: BLE001  Whatever it is, the other shops are migrated.
                yield ShopMigration(schema=found.name, version_before=None, failure=error)
            else:
                yield ShopMigration(schema=found.name, version_before=before, failure=None)

    async def _migrate(self, found: ShopSchema) -> str | None:
        if not found.is_own:
            raise OtherOwner(
                f"its tables belong to the role {found.owner}; connect as that role, and run"
                f" `shop migrate --schema {found.name}`"
            )
        database = self._open_schema(schema=found.name, currency=found.currency or self._currency)
        try:
            before = await database.migrate()
            await database.check()
        finally:
            await database.close()
        return before
