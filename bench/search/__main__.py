"""Times searches over HTTP, with one client, and beside orders with eight.

`python -m bench.search --products 100000 --engine sqlite`
"""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from urllib.parse import urlsplit

import typer
import uvloop
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from bench.databases import POSTGRESQL, SQLITE, running_postgres
from bench.fixtures import EUR, SECRET, settings
from bench.generator import run
from bench.search.catalogue import ORDERED, fill
from bench.search.mix import Kind, kinds
from bench.servers import Server, serving, shop_command
from shop.adapters.sql.database import SqlDatabase
from shop.adapters.system.clock import SystemClock

SECONDS = 2.0
CUSTOMERS, SEARCHERS = 16, 8
LATER_PAGE, LATER_PATHS = 10, 8

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@dataclass(frozen=True, slots=True)
class Timing:
    """How long requests took."""

    name: str
    p50_ms: float
    p99_ms: float
    requests: int


@app.command()
def measure(
    *,
    products: Annotated[int, typer.Option(help="Products in the catalogue.")] = 100_000,
    engine: Annotated[str, typer.Option(help="sqlite or postgresql.")] = SQLITE,
    seconds: Annotated[float, typer.Option(help="For each kind of search.")] = SECONDS,
) -> None:
    """Fill a shop, serve it, and print how long each kind of search takes."""
    with TemporaryDirectory() as name, _database(engine, Path(name)) as url:
        folder = Path(name)
        uvloop.run(_fill(url, products))
        environment = settings(url) | {"SHOP_RATE_LIMITS": "off"}
        with serving(shop_command(1), environment, folder) as server:
            server.wait_until_open()
            timings = [_time_search(server, kind, folder, seconds) for kind in kinds()]
            timings += _time_orders(server, folder, seconds)
    _show(f"{products:,} products on {engine}", timings)


@contextmanager
def _database(engine: str, folder: Path) -> Iterator[str]:
    if engine != POSTGRESQL:
        yield f"sqlite+aiosqlite:///{folder / 'shop.db'}"
        return
    with running_postgres(folder) as postgres:
        postgres.create("search")
        yield postgres.address("search")


async def _fill(url: str, products: int) -> None:
    database = SqlDatabase(
        url, schema="public", secrets=lambda: [SECRET], currency=EUR, clock=SystemClock()
    )
    await database.migrate()
    await fill(database, products)
    if not database.is_embedded:
        async with database.guarded.connect() as connection:
            # What a running server does by itself, soon after.
            await connection.execute(text("VACUUM ANALYZE"))
    await database.close()


def _time_search(server: Server, kind: Kind, folder: Path, seconds: float) -> Timing:
    paths = kind.paths
    if kind.is_later_page:
        paths = [_later(server, path) for path in paths[:: len(paths) // LATER_PATHS or 1]]
    return _time(kind.name, server, folder, paths, seconds)


def _later(server: Server, path: str) -> str:
    """Return the path of the tenth page, or of the last one."""
    shown = path
    for _ in range(LATER_PAGE - 1):
        cursor = _get(server, shown)["next"]
        if cursor is None:
            break
        shown = f"{path}&cursor={cursor}"
    return shown


def _time(
    name: str, server: Server, folder: Path, paths: Sequence[str], seconds: float, clients: int = 1
) -> Timing:
    statistics = asyncio.run(_reads(server, folder, paths, seconds, clients))
    return _timing(name, statistics)


async def _reads(
    server: Server, folder: Path, paths: Sequence[str], seconds: float, clients: int
) -> str:
    file = folder / "paths.txt"
    file.write_text("".join(f"{path} \n" for path in paths))
    return await run("reads", server.url, seconds, [str(file), "", "", str(clients)])


def _time_orders(server: Server, folder: Path, seconds: float) -> list[Timing]:
    cookies = folder / "cookies.txt"
    cookies.write_text("\n".join(_sign_up(server, number) for number in range(CUSTOMERS)))
    paths = [path for kind in kinds() if not kind.is_later_page for path in kind.paths]

    async def orders(name: str) -> str:
        arguments = [str(cookies), str(ORDERED), name, "1"]
        return await run("orders", server.url, 4 * seconds, arguments)

    async def both() -> tuple[str, str]:
        searching = _reads(server, folder, paths, 4 * seconds, SEARCHERS)
        ordered, searched = await asyncio.gather(orders("orders-beside"), searching)
        return ordered, searched

    alone = asyncio.run(orders("orders-alone"))
    ordered, searched = asyncio.run(both())
    return [
        _timing("orders of one client alone", alone),
        _timing(f"the same beside {SEARCHERS} searchers", ordered),
        _timing(f"the searches of {SEARCHERS} searchers", searched),
    ]


def _timing(name: str, statistics: str) -> Timing:
    result = json.loads(statistics)
    statuses: Mapping[str, int] = result["statuses"]
    if result["broken"] or set(statuses) - {"200", "201"}:
        raise RuntimeError(f"{name}: {statistics}")
    return Timing(
        name=name,
        p50_ms=result["p50_ms"],
        p99_ms=result["p99_ms"],
        requests=sum(statuses.values()),
    )


def _sign_up(server: Server, number: int) -> str:
    body = {
        "name": f"Customer {number}",
        "email": f"customer-{number:06}@example.com",
        "password": f"a password of the benchmark, {number}",
    }
    connection = _connect(server)
    connection.request("POST", "/api/v1/users", json.dumps(body), _JSON)
    response = connection.getresponse()
    if response.status != 201:  # noqa: PLR2004  Created.
        raise RuntimeError(response.read().decode())
    return (response.getheader("Set-Cookie") or "").partition(";")[0]


_JSON = {"Content-Type": "application/json"}


def _get(server: Server, path: str) -> Mapping[str, str | None]:
    connection = _connect(server)
    connection.request("GET", path)
    body: Mapping[str, str | None] = json.loads(connection.getresponse().read())
    connection.close()
    return body


def _connect(server: Server) -> HTTPConnection:
    address = urlsplit(server.url)
    return HTTPConnection(address.hostname or "", address.port)


def _show(title: str, timings: list[Timing]) -> None:
    table = Table("", "p50 ms", "p99 ms", "requests", title=title)
    for each in timings:
        table.add_row(each.name, f"{each.p50_ms:.2f}", f"{each.p99_ms:.2f}", f"{each.requests:,}")
    Console(width=100).print(table)


if __name__ == "__main__":
    app()
