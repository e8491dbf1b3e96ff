"""Sets up the subjects of the limits, each on a database of its own."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.databases import (
    NO_DATABASE,
    POSTGRESQL,
    SQLITE,
    Database,
    Postgres,
    PostgresDatabase,
    SqliteDatabase,
)
from bench.fixtures import Fixtures, card_settings, seed_database, settings
from bench.limits.subjects import SETTINGS, QuoteLoop, SqliteLoop, YoungShop
from bench.load import LoadGenerator
from bench.rules import ALL_RULES, COUNTRY, HOT_CODE_RULES, save_rules
from bench.scaling import sampled_orders, variables
from bench.servers import app_command, gateway_command, serving, shop_command
from bench.setup import Benchmark, SubjectKey
from bench.subjects import SQL, Subject, database_limit, lean_limit, start_subject

GROWN_ORDERS = 10_000

SHOP: SubjectKey = (POSTGRESQL, "shop", 1)
WITH_CODE: SubjectKey = (POSTGRESQL, "shop with a code", 1)
WITH_RULES: SubjectKey = (POSTGRESQL, "shop with rules", 1)
SQLITE_SHOP: SubjectKey = (SQLITE, "shop", 1)
DATABASE_LIMIT: SubjectKey = (POSTGRESQL, "database limit", 0)
FULL_LOOP: SubjectKey = (SQLITE, "full loop", 0)
EMPTY_ROUTE: SubjectKey = (POSTGRESQL, "empty route", 1)

YOUNG = "young"


@contextmanager
def open_limits(folder: Path, postgres: Postgres, load: LoadGenerator) -> Iterator[Benchmark]:
    """Seed the databases and start the servers; only the shop's databases are audited."""
    folders = {name: folder / name for name in (POSTGRESQL, SQLITE, YOUNG)}
    for each in folders.values():
        each.mkdir()
    postgres.create(YOUNG)
    customers = seed_database(postgres.address(YOUNG), orders=0)
    customers.write_to(folders[YOUNG])
    databases = {
        **_postgres_databases(postgres, folders[POSTGRESQL], customers.tokens),
        **_sqlite_databases(folders[SQLITE]),
    }
    full_loop = databases[FULL_LOOP]
    assert isinstance(full_loop, SqliteDatabase)  # noqa: S101  For the type checker.
    postgres.create("lean_limit")
    subjects: dict[SubjectKey, Subject] = {
        (POSTGRESQL, "lean limit", 0): lean_limit(postgres, "lean_limit"),
        DATABASE_LIMIT: database_limit(postgres, "database_limit"),
        (SQLITE, "lean loop", 0): SqliteLoop(kind="lean", file=None, folder=folders[SQLITE]),
        (NO_DATABASE, "quote loop", 0): QuoteLoop(),
        FULL_LOOP: SqliteLoop(kind="full", file=full_loop.file, folder=folders[SQLITE]),
    }
    with ExitStack() as stack:
        state = folders[POSTGRESQL] / "gateway"
        gateway = stack.enter_context(serving(gateway_command(state), {}, folders[YOUNG]))
        gateways = {databases[SHOP]: gateway}
        gateway.wait_until_open()
        commands = {
            SHOP: shop_command(1),
            WITH_CODE: shop_command(1),
            WITH_RULES: shop_command(1),
            SQLITE_SHOP: shop_command(1),
            EMPTY_ROUTE: app_command("bench.apps.empty:create_app"),
        }
        for (engine, name, processes), command in commands.items():
            database = databases.get((engine, name, processes), databases[SHOP])
            environment = settings(database.address) | card_settings(gateway.url) | SETTINGS
            if (engine, name, processes) == WITH_RULES:
                environment |= COUNTRY
            own = folder / f"{name} {engine}"
            own.mkdir()
            subjects[engine, name, processes] = start_subject(
                [stack.enter_context(serving(command, environment, own))],
                engine=engine,
                name=name,
                processes=processes,
                load=load,
                files=folders[engine],
            )
        subjects[POSTGRESQL, "young shop", 1] = stack.enter_context(
            _young_shop(postgres, folders[YOUNG], load)
        )
        yield Benchmark(
            postgres=postgres, subjects=subjects, databases=databases, gateways=gateways
        )


@contextmanager
def _young_shop(postgres: Postgres, folder: Path, load: LoadGenerator) -> Iterator[YoungShop]:
    young = YoungShop(
        postgres=postgres,
        template=YOUNG,
        settings=settings("") | SETTINGS,
        load=load,
        files=folder,
    )
    try:
        yield young
    finally:
        young.close()


def _postgres_databases(
    postgres: Postgres, folder: Path, tokens: Sequence[str]
) -> Mapping[SubjectKey, Database]:
    """Let two copies of the young shop grow to 10,000 orders: the shop's, and its statements'."""
    postgres.create("grown", YOUNG)
    postgres.run_file("grown", SQL / "grow.sql", variables(GROWN_ORDERS))
    orders = sampled_orders(postgres, "grown", tokens)
    Fixtures(tokens=tokens, orders=orders).write_to(folder)
    postgres.create("database_limit", "grown")
    for name, rules in (("with_code", HOT_CODE_RULES), ("with_rules", ALL_RULES)):
        postgres.create(name, "grown")
        save_rules(postgres.address(name), rules)
    return {
        SHOP: PostgresDatabase(postgres, "grown"),
        WITH_CODE: PostgresDatabase(postgres, "with_code"),
        WITH_RULES: PostgresDatabase(postgres, "with_rules"),
        DATABASE_LIMIT: PostgresDatabase(postgres, "database_limit"),
    }


def _sqlite_databases(folder: Path) -> Mapping[SubjectKey, Database]:
    seeded = SqliteDatabase(folder / "shop.db")
    seed_database(seeded.address).write_to(folder)
    copy = SqliteDatabase(folder / "full-loop.db")
    shutil.copy(seeded.file, copy.file)
    return {SQLITE_SHOP: seeded, FULL_LOOP: copy}
