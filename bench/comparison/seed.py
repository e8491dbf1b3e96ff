"""Seeds a database with products, signed-in customers and orders.

Everything is added by the revision's own commands and HTTP API.
"""

import csv
import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from bench.comparison.installations import Installation
from bench.databases import POSTGRESQL, Database, Postgres, PostgresDatabase, SqliteDatabase
from bench.servers import Server
from bench.workloads import CREATED, PRODUCTS, sku, write_files

CUSTOMERS = 128
"""At least as many as clients: in "cart and order", each client is a customer."""

ORDERS = 512
PRICE = 100
STOCK = 10**6
THREADS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """A database to copy for each workload, and the folder of the load's files."""

    database: Database
    files: Path

    def copy(self, name: str, folder: Path) -> Database:
        """Copy the database to a file in `folder`, or to a database of this name."""
        if isinstance(self.database, PostgresDatabase):
            self.database.postgres.create(name, self.database.name)
            return PostgresDatabase(self.database.postgres, name)
        assert isinstance(self.database, SqliteDatabase)  # noqa: S101  There is no third engine.
        return SqliteDatabase(Path(shutil.copy(self.database.file, folder / "shop.db")))


def seed_database(
    installation: Installation, engine: str, postgres: Postgres, folder: Path
) -> Seed:
    """Seed a revision's database in a new folder; raise `RuntimeError` on failure."""
    folder.mkdir(parents=True)
    database = _empty_database(installation, engine, postgres, folder)
    dialect = installation.dialect
    environment = dialect.environment(database.address, None)
    products = folder / "products.csv"
    write_products(products)
    installation.run(dialect.migrate, environment, folder)
    installation.run([*dialect.import_products, str(products)], environment, folder)
    with installation.serving(dialect.serve, environment, folder) as server:
        server.wait_until_open()
        with ThreadPoolExecutor(THREADS) as pool:
            cookies = list(pool.map(partial(_sign_up, server), range(CUSTOMERS)))
            owners = [cookies[number % CUSTOMERS] for number in range(ORDERS)]
            orders = list(pool.map(partial(_order, server), range(ORDERS), owners))
        cursors = list(_cursors(server))
    write_files(folder, customers=cookies, orders=zip(orders, owners, strict=True), cursors=cursors)
    _analyse(database)
    return Seed(database=database, files=folder)


def write_products(file: Path) -> None:
    """Write the products as a file that `shop import` reads."""
    with file.open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["sku", "name", "description", "price", "stock"])
        for number in range(1, PRODUCTS + 1):
            name, description = f"Product no. {number}", "One of a numbered series."
            writer.writerow([sku(number), name, description, PRICE, STOCK])


def _empty_database(
    installation: Installation, engine: str, postgres: Postgres, folder: Path
) -> Database:
    if engine != POSTGRESQL:
        return SqliteDatabase(folder / "shop.db")
    name = f"{installation.revision.role}_seed"
    postgres.create(name)
    return PostgresDatabase(postgres, name)


def _analyse(database: Database) -> None:
    """Refresh the planner's statistics: without them, filled tables are read by scans."""
    if isinstance(database, PostgresDatabase):
        database.postgres.ask(database.name, "ANALYZE")
    elif isinstance(database, SqliteDatabase):
        # Closing the last connection moves the log into the file, which can then be copied.
        with closing(sqlite3.connect(database.file)) as connection:
            connection.execute("ANALYZE")


def _sign_up(server: Server, number: int) -> str:
    """Return the cookie of a new customer's session."""
    body = {
        "name": f"Customer no. {number}",
        "email": f"customer-{number:06}@example.com",
        "password": f"a password of the benchmark, {number}",
    }
    cookies, _ = _post(server, "/api/v1/users", body, {})
    return cookies


def _order(server: Server, number: int, cookie: str) -> str:
    """Return the id of a new order."""
    body = {
        "lines": [{"sku": sku(number % PRODUCTS + 1), "quantity": 1}],
        "payment": {"method": "account"},
    }
    headers = {"Cookie": cookie, "Idempotency-Key": f"seed-{number:06}"}
    _, order = _post(server, "/api/v1/orders", body, headers)
    return str(order["id"])


def _cursors(server: Server) -> Iterator[str]:
    """Yield the cursor of each page of products but the first."""
    path = "/api/v1/products"
    while True:
        with urlopen(f"{server.url}{path}") as response:  # noqa: S310  An address of this machine.
            cursor = json.load(response)["next"]
        if cursor is None:
            return
        yield cursor
        path = f"/api/v1/products?cursor={cursor}"


def _post(
    server: Server, path: str, body: Mapping[str, object], headers: Mapping[str, str]
) -> tuple[str, Mapping[str, Any]]:
    """Return the cookies and document of a 201 response; else raise `RuntimeError`."""
    connection = HTTPConnection(urlsplit(server.url).netloc)
    with closing(connection):
        json_headers = {"Content-Type": "application/json", **headers}
        connection.request("POST", path, json.dumps(body), json_headers)
        response = connection.getresponse()
        text = response.read().decode()
    if response.status != CREATED:
        raise RuntimeError(f"POST {path}: status {response.status}: {text}")
    cookies = (each.partition(";")[0] for each in response.headers.get_all("Set-Cookie", []))
    return "; ".join(cookies), json.loads(text)
