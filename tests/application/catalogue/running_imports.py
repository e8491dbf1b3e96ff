"""Begins imports in a shop in memory, and runs them."""

from collections.abc import AsyncIterator
from pathlib import Path

from shop.application.catalogue.imports.service import BeginImport
from shop.application.idempotency.results import CommandResult
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.catalogue.product_import import ProductImport
from tests.application.memory_shop import MemoryShop

HEADER = "sku,name,description,price,stock\n"
JAM = "JAM,Jam,,300,7\n"
TEA = "TEA,Tea,Green.,150,9\n"


async def begin(
    shop: MemoryShop, token: SessionToken | None, text: str, *, dry_run: bool = False
) -> ProductImport:
    return (await request(shop, token, text, dry_run=dry_run)).unwrap()


async def request(
    shop: MemoryShop,
    token: SessionToken | None,
    text: str,
    *,
    dry_run: bool = False,
    key: str | None = None,
) -> CommandResult[ProductImport]:
    async def content() -> AsyncIterator[bytes]:
        yield text.encode()

    command = BeginImport(session=token, content=content(), dry_run=dry_run, key=key)
    return await shop.container.import_service().begin(command)


async def run(shop: MemoryShop, token: SessionToken, text: str) -> ProductImport:
    begun = await begin(shop, token, text)
    await shop.container.worker().drain()
    return await shop.container.import_service().show(token, begun.id)


def stock_of(shop: MemoryShop) -> dict[str, int]:
    return {sku: each.on_hand for sku, each in shop.database.state.inventories.rows.items()}


def files_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]
