"""Moves a shop while a customer orders: `python -m bench.moving --orders 100000`."""

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from pydantic import Secret

from bench.databases import running_postgres
from bench.fixtures import SECRET, WELCOME_CREDIT, Fixtures, seed_database, settings
from bench.moving.differing_rows import count_differing_rows
from bench.workloads import sku
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.ports.unit_of_work import DatabaseFailure
from shop.domain.cart import Cart
from shop.domain.shared.line_quantity import LineQuantity
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container

PAUSE_SECONDS = 0.02

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help=__doc__)
def main(
    *, orders: Annotated[int, typer.Option(min=1, help="Orders before the move.")] = 100_000
) -> None:
    """Print what `shop move` prints, and how many rows differ; exit with 1 if any does."""
    with (
        TemporaryDirectory(prefix="shop-bench-") as name,
        running_postgres(Path(name)) as postgres,
    ):
        file = Path(name, "shop.db")
        typer.echo(f"Placing {orders:,} orders")
        fixtures = seed_database(f"sqlite+aiosqlite:///{file}", orders=orders)
        postgres.create("moved")
        target = postgres.address("moved")
        differing = asyncio.run(_move(file, target, fixtures))
    typer.echo(f"{differing:,} rows differ.")
    raise typer.Exit(differing > 0)


async def _move(file: Path, target: str, fixtures: Fixtures) -> int:
    customer = asyncio.create_task(_order(file, fixtures))
    program = Path(sys.executable).with_name("shop")
    process = await asyncio.create_subprocess_exec(
        program,
        *("move", "--to", target),
        cwd=file.parent,
        env={**os.environ, **settings(f"sqlite+aiosqlite:///{file}")},
    )
    code = await process.wait()
    placed = await customer
    typer.echo(f"{placed:,} orders were placed during the move.")
    if code:
        raise typer.Exit(code)
    return await count_differing_rows(file, target)


async def _order(file: Path, fixtures: Fixtures) -> int:
    """Place one order after the other until the shop takes none; return their number."""
    shop = Container(
        settings=Settings(  # type: ignore[call-arg]  # pydantic adds `_env_file`.
            database_url=f"sqlite+aiosqlite:///{file}",
            session_secrets=(Secret(SECRET),),
            welcome_credit=WELCOME_CREDIT,
            _env_file=None,
        )
    )
    number = 0
    with contextlib.suppress(DatabaseFailure):
        while True:
            command = PlaceOrder(
                session=fixtures.tokens[number % len(fixtures.tokens)],
                key=f"during-{number}",
                cart=Cart.of([LineQuantity(sku=sku(1), quantity=1)]),
                card=None,
                expected_total=None,
            )
            (result,) = await shop.place_orders().place([command])
            result.unwrap()
            number += 1
            await asyncio.sleep(PAUSE_SECONDS)
    await shop.transaction_runner().drain()
    await shop.database().close()
    return number


if __name__ == "__main__":
    app()
