"""Measures how fast a file of variants is checked and applied on SQLite, and in how much memory.

`python -m bench.imports` imports a generated file into a new shop, and then the same file again.
Memory is what the process has at most, beyond what it had before the import. Processor time does
not depend on what else the machine does.
"""

import asyncio
import csv
import resource
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from pydantic import Secret

from shop.application.ports.imports.import_spool import ImportSpool
from shop.entrypoints.cli.commands.import_products import rare_collections
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container

DESCRIPTION = "A shirt of European flax, woven in the north, washed once, and made to be worn. "

SHOP_COLUMNS = (
    "handle,name,description,active,option1_name,option1_value,sku,price,currency,"
    "compare_at_price,weight_grams,tax_category,ships,variant_active,stock,image_url"
)
SHOPIFY_COLUMNS = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,"
    "Variant Grams,Variant Inventory Qty,Variant Price,Variant Compare At Price,Image Src,Status"
)


def main(
    variants: Annotated[int, typer.Option(min=1)] = 50_000,
    per_product: Annotated[int, typer.Option(min=1, max=250)] = 1,
    *,
    shopify: Annotated[bool, typer.Option(help="Write the file as Shopify does.")] = False,
) -> None:
    """Import a generated file twice, and print the rates."""
    with TemporaryDirectory(prefix="shop-bench-") as folder:
        file = Path(folder) / "variants.csv"
        with file.open("w", newline="") as text:
            rows = _shopify_rows if shopify else _shop_rows
            csv.writer(text).writerows(rows(variants, per_product))
        with rare_collections():
            asyncio.run(_measure(Path(folder), file, variants))


async def _measure(folder: Path, file: Path, variants: int) -> None:
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{folder / 'shop.db'}",
        session_secrets=(Secret("a secret of the benchmark, of enough characters"),),
    )
    container = Container(settings=settings)
    await container.database().migrate()
    before = _memory_megabytes()
    for what in ("new", "unchanged"):
        with container.import_spools().open_temporarily(file) as spool:
            began, processor = time.perf_counter(), time.process_time()
            await container.file_check().run(spool, lambda _: False)
            checked = time.perf_counter()
            if spool.fault_count():
                raise RuntimeError(f"the file has faults: {spool.faults(3)}")
            await _apply(container, spool)
            ended, processor = time.perf_counter(), time.process_time() - processor
        typer.echo(
            f"{variants} {what} variants: checked in {checked - began:.1f} s, applied in "
            f"{ended - checked:.1f} s: {variants / (ended - began):,.0f} variants/s; "
            f"{processor / variants * 1e6:.0f} µs of processor time each; "
            f"{_memory_megabytes() - before} MB"
        )
    await container.database().close()


async def _apply(container: Container, spool: ImportSpool) -> None:
    jobs, applied = container.import_jobs(), 0
    while (unit := await jobs.next_unit(spool, applied)) is not None:
        await jobs.apply_unit(unit)
        applied = unit.rows_until


def _memory_megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _shop_rows(variants: int, per_product: int) -> Iterator[Sequence[object]]:
    yield SHOP_COLUMNS.split(",")
    for number in range(variants):
        product, size = divmod(number, per_product)
        option = ("Size", f"S{size}") if per_product > 1 else ("", "")
        yield (
            f"shirt-{product:07}",
            f"Shirt number {product}",
            DESCRIPTION * 3,
            "true",
            *option,
            f"SHIRT-{number:08}",
            1990 + number % 100,
            "EUR",
            2990,
            180,
            "standard",
            "true",
            "true",
            number % 300,
            f"https://example.com/{product}.jpg",
        )


def _shopify_rows(variants: int, per_product: int) -> Iterator[Sequence[object]]:
    yield SHOPIFY_COLUMNS.split(",")
    for number in range(variants):
        product, size = divmod(number, per_product)
        markup = f"<p>{DESCRIPTION * 3}</p><ul><li>Linen</li><li>Washed</li></ul>"
        yield (
            f"shirt-{product:07}",
            *(
                (f"Shirt number {product}", markup, "Nordhavn", "Shirts", "linen", "true", "Size")
                if not size
                else ("",) * 7
            ),
            f"S{size}",
            f"SHIRT-{number:08}",
            "180.0",
            number % 300,
            "19.90",
            "29.90",
            "" if size else f"https://example.com/{product}.jpg",
            "" if size else "active",
        )


if __name__ == "__main__":
    typer.run(main)
