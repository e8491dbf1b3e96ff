"""Sets up all subjects side by side, each on its own copy of a seeded database."""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.databases import POSTGRESQL, SQLITE, Database, Postgres, PostgresDatabase, SqliteDatabase
from bench.failures import FAILURES, reason_of
from bench.fixtures import ORDERS, card_settings, seed_database, settings
from bench.load import InvalidRun, LoadGenerator
from bench.servers import Server, app_command, gateway_command, run_shop, serving, shop_command
from bench.subjects import Subject, database_limit, start_subject, stored_procedure

SubjectKey = tuple[str, str, int]
"""An engine, a subject and its number of processes."""

DATABASE_LIMIT: SubjectKey = (POSTGRESQL, "database limit", 0)
STORED_PROCEDURE: SubjectKey = (POSTGRESQL, "stored procedure", 0)
PGBENCH_KEYS = (DATABASE_LIMIT, STORED_PROCEDURE)
SHOP: SubjectKey = (POSTGRESQL, "shop", 1)
WITHOUT_GROUP_COMMIT: SubjectKey = (POSTGRESQL, "without group commit", 1)

SEEDED = "seeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """The subjects, ready to be measured, and their databases."""

    postgres: Postgres
    subjects: Mapping[SubjectKey, Subject]
    databases: Mapping[SubjectKey, Database]
    gateways: Mapping[Database, Server]

    def audit(self) -> Mapping[SubjectKey, str]:
        """Audit every database; return the faults by subject.

        Each acknowledged order must be stored.
        """
        faults: dict[SubjectKey, str] = {}
        for database in set(self.databases.values()):
            keys = [key for key, each in self.databases.items() if each == database]
            acknowledged = ORDERS + sum(self.subjects[key].acknowledged for key in keys)
            try:
                audit(database, _card_settings(self.gateways, database))
                stored = database.orders()
                if stored < acknowledged:
                    raise InvalidRun(f"{acknowledged} orders were acknowledged, {stored} stored")
            except FAILURES as error:
                faults |= dict.fromkeys(keys, reason_of(error))
        return faults


def audit(database: Database, card_settings: dict[str, str]) -> None:
    """Audit a database; raise `InvalidRun` if an invariant is violated.

    `card_settings` are the settings for the gateway.
    """
    completed = run_shop(["audit", "--json"], settings(database.address) | card_settings)
    if completed.returncode:
        raise InvalidRun(f"the audit has failed: {completed.stderr}{completed.stdout}")


@contextmanager
def open_benchmark(folder: Path, postgres: Postgres, load: LoadGenerator) -> Iterator[Benchmark]:
    """Seed a database for each subject and start the servers."""
    commands = _commands()
    databases = {
        **_postgres_databases(postgres, folder / POSTGRESQL, [*PGBENCH_KEYS, *commands]),
        **_sqlite_databases(folder / SQLITE, commands),
    }
    subjects: dict[SubjectKey, Subject] = {
        DATABASE_LIMIT: database_limit(postgres, _label(DATABASE_LIMIT)),
        STORED_PROCEDURE: stored_procedure(postgres, _label(STORED_PROCEDURE)),
    }
    with ExitStack() as stack:
        # Each shop has its own gateway, so that the audit finds only its payments there.
        gateways = {
            databases[key]: stack.enter_context(
                serving(gateway_command(_folder(folder, key) / "gateway"), {}, _folder(folder, key))
            )
            for key in commands
            if key[1] == "shop"
        }
        servers = {
            key: stack.enter_context(
                serving(
                    command,
                    settings(databases[key].address) | _card_settings(gateways, databases[key]),
                    _folder(folder, key),
                )
            )
            for key, command in commands.items()
        }
        for key, server in servers.items():
            gateway = gateways.get(databases[key])
            required = [server] if gateway is None else [gateway, server]
            engine, name, processes = key
            subjects[key] = start_subject(
                required,
                engine=engine,
                name=name,
                processes=processes,
                load=load,
                files=folder / engine,
            )
        yield Benchmark(
            postgres=postgres, subjects=subjects, databases=databases, gateways=gateways
        )


def _card_settings(gateways: Mapping[Database, Server], database: Database) -> dict[str, str]:
    gateway = gateways.get(database)
    return {} if gateway is None else card_settings(gateway.url)


def _commands() -> Mapping[SubjectKey, Sequence[str]]:
    """Return the commands that start the servers."""
    everywhere = {
        (engine, name, processes): command
        for engine in (POSTGRESQL, SQLITE)
        for name, processes, command in (
            ("shop", 1, shop_command(1)),
            ("shop", 2, shop_command(2)),
            ("ORM baseline", 1, app_command("bench.apps.baseline_orm.app:create_app")),
        )
    }
    return {
        **everywhere,
        WITHOUT_GROUP_COMMIT: app_command("bench.apps.without_group_commit:create_app"),
        (POSTGRESQL, "empty route", 1): app_command("bench.apps.empty:create_app"),
    }


def _postgres_databases(
    postgres: Postgres, folder: Path, keys: Iterable[SubjectKey]
) -> Mapping[SubjectKey, Database]:
    folder.mkdir()
    postgres.create(SEEDED)
    seed_database(postgres.address(SEEDED)).write_to(folder)
    databases: dict[SubjectKey, Database] = {}
    for key in keys:
        if key[0] == POSTGRESQL and key != WITHOUT_GROUP_COMMIT:
            postgres.create(_label(key), SEEDED)
            databases[key] = PostgresDatabase(postgres, _label(key))
    # Both share a database, because its age would cost more than group commit.
    databases[WITHOUT_GROUP_COMMIT] = databases[SHOP]
    return databases


def _sqlite_databases(folder: Path, keys: Iterable[SubjectKey]) -> Mapping[SubjectKey, Database]:
    folder.mkdir()
    seeded = SqliteDatabase(folder / SEEDED)
    seed_database(seeded.address).write_to(folder)
    databases: dict[SubjectKey, Database] = {}
    for key in keys:
        if key[0] == SQLITE:
            file = _folder(folder.parent, key) / "shop.db"
            shutil.copy(seeded.file, file)
            databases[key] = SqliteDatabase(file)
    return databases


def _label(key: SubjectKey) -> str:
    _, name, processes = key
    return f"{name}_{processes}".lower().replace(" ", "_")


def _folder(folder: Path, key: SubjectKey) -> Path:
    engine, _, _ = key
    own = folder / engine / _label(key)
    own.mkdir(exist_ok=True)
    return own
