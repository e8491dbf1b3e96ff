"""The arena: all contenders side by side, on databases of their own, furnished alike."""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.contenders import Contender, limit, procedure, started
from bench.engines import POSTGRESQL, SQLITE, Database, Postgres, PostgresDatabase, SqliteDatabase
from bench.failures import FAILURES, reason_of
from bench.load import InvalidRun, LoadGenerator
from bench.premises import ORDERS, furnish, paid_by_card, settings
from bench.servers import Server, app_command, gateway_command, run_shop, serving, shop_command

Key = tuple[str, str, int]
"""An engine, a contender and its number of processes."""

LIMIT: Key = (POSTGRESQL, "limit", 0)
PROCEDURE: Key = (POSTGRESQL, "procedure", 0)
SCRIPTED = (LIMIT, PROCEDURE)
SHOP: Key = (POSTGRESQL, "shop", 1)
UNGROUPED: Key = (POSTGRESQL, "ungrouped", 1)

FURNISHED = "furnished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """Contenders, ready to be measured, and their databases."""

    postgres: Postgres
    contenders: Mapping[Key, Contender]
    databases: Mapping[Key, Database]
    gateways: Mapping[Database, Server]

    def audit(self) -> Mapping[Key, str]:
        """Let the shop check every invariant of every database; return what is wrong, by contender.

        No order that was acknowledged may be missing, either.
        """
        faults: dict[Key, str] = {}
        for database in set(self.databases.values()):
            keys = [key for key, its in self.databases.items() if its == database]
            acknowledged = ORDERS + sum(self.contenders[key].acknowledged for key in keys)
            try:
                audit(database, _cards(self.gateways, database))
                stored = database.orders()
                if stored < acknowledged:
                    raise InvalidRun(f"{acknowledged} orders were acknowledged, {stored} stored")
            except FAILURES as error:
                faults |= dict.fromkeys(keys, reason_of(error))
        return faults


def audit(database: Database, cards: dict[str, str]) -> None:
    """Let the shop check every invariant of a database; raise `InvalidRun`.

    `cards` is what its environment says of the gateway.
    """
    done = run_shop(["audit", "--json"], settings(database.address) | cards)
    if done.returncode:
        raise InvalidRun(f"the audit has failed: {done.stderr}{done.stdout}")


@contextmanager
def open_arena(folder: Path, postgres: Postgres, load: LoadGenerator) -> Iterator[Arena]:
    """Furnish a database for each contender, and start the servers."""
    commands = _commands()
    databases = {
        **_postgres_databases(postgres, folder / POSTGRESQL, [*SCRIPTED, *commands]),
        **_sqlite_databases(folder / SQLITE, commands),
    }
    contenders: dict[Key, Contender] = {
        LIMIT: limit(postgres, _label(LIMIT)),
        PROCEDURE: procedure(postgres, _label(PROCEDURE)),
    }
    with ExitStack() as stack:
        # Each shop has its own, whose books hold its payments alone.
        gateways = {
            databases[key]: stack.enter_context(
                serving(gateway_command(_place(folder, key) / "gateway"), {}, _place(folder, key))
            )
            for key in commands
            if key[1] == "shop"
        }
        servers = {
            key: stack.enter_context(
                serving(
                    command,
                    settings(databases[key].address) | _cards(gateways, databases[key]),
                    _place(folder, key),
                )
            )
            for key, command in commands.items()
        }
        for key, server in servers.items():
            gateway = gateways.get(databases[key])
            needed = [server] if gateway is None else [gateway, server]
            engine, name, processes = key
            contenders[key] = started(
                needed,
                engine=engine,
                name=name,
                processes=processes,
                load=load,
                files=folder / engine,
            )
        yield Arena(
            postgres=postgres, contenders=contenders, databases=databases, gateways=gateways
        )


def _cards(gateways: Mapping[Database, Server], database: Database) -> dict[str, str]:
    gateway = gateways.get(database)
    return {} if gateway is None else paid_by_card(gateway.url)


def _commands() -> Mapping[Key, Sequence[str]]:
    """Return how the servers are started."""
    everywhere = {
        (engine, name, processes): command
        for engine in (POSTGRESQL, SQLITE)
        for name, processes, command in (
            ("shop", 1, shop_command(1)),
            ("shop", 2, shop_command(2)),
            ("naive", 1, app_command("bench.apps.naive.app:create_app")),
        )
    }
    return {
        **everywhere,
        UNGROUPED: app_command("bench.apps.ungrouped:create_app"),
        (POSTGRESQL, "empty", 1): app_command("bench.apps.empty:create_app"),
    }


def _postgres_databases(
    postgres: Postgres, folder: Path, keys: Iterable[Key]
) -> Mapping[Key, Database]:
    folder.mkdir()
    postgres.create(FURNISHED)
    furnish(postgres.address(FURNISHED)).write_to(folder)
    databases: dict[Key, Database] = {}
    for key in keys:
        if key[0] == POSTGRESQL and key != UNGROUPED:
            postgres.create(_label(key), FURNISHED)
            databases[key] = PostgresDatabase(postgres, _label(key))
    # What the line costs is less than what the age of a database does.
    databases[UNGROUPED] = databases[SHOP]
    return databases


def _sqlite_databases(folder: Path, keys: Iterable[Key]) -> Mapping[Key, Database]:
    folder.mkdir()
    furnished = SqliteDatabase(folder / FURNISHED)
    furnish(furnished.address).write_to(folder)
    databases: dict[Key, Database] = {}
    for key in keys:
        if key[0] == SQLITE:
            file = _place(folder.parent, key) / "shop.db"
            shutil.copy(furnished.file, file)
            databases[key] = SqliteDatabase(file)
    return databases


def _label(key: Key) -> str:
    _, name, processes = key
    return f"{name}_{processes}"


def _place(folder: Path, key: Key) -> Path:
    engine, _, _ = key
    place = folder / engine / _label(key)
    place.mkdir(exist_ok=True)
    return place
