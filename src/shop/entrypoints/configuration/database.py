"""Settings of the database."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from shop.entrypoints.configuration.checks import is_loopback, matching
from shop.entrypoints.configuration.environment import EnvironmentSettings, is_in_production

SQLITE, POSTGRESQL = "sqlite+aiosqlite", "postgresql+asyncpg"
DEFAULT_SCHEMA = "public"
IN_MEMORY = "memory://"
"""The URL of a database that lives in the process of `shop serve`, and ends with it."""


def _database_url(text: str) -> str:
    if text == IN_MEMORY:
        return text
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(f"must be a URL such as {SQLITE}:///shop.db") from None
    if url.drivername not in {SQLITE, POSTGRESQL}:
        raise ValueError(
            f"must begin with {SQLITE}:/// or {POSTGRESQL}://, or be {IN_MEMORY} for demonstrations"
        )
    if url.drivername == SQLITE and url.database in {None, "", ":memory:"}:
        raise ValueError(f"must name a file, or be {IN_MEMORY} for a database in memory")
    return text


_TLS_MODES = frozenset({"require", "verify-ca", "verify-full", "disable"})
"""The driver's modes that leave nothing to chance; `prefer`, its default, accepts no TLS."""


def _database_hosts(url: URL) -> Iterator[str]:
    """Yield every host that the driver may connect to."""
    listed = url.query.get("host", ())
    hosts = [url.host or "", *((listed,) if isinstance(listed, str) else listed)]
    # Without a host, the driver takes this variable, or a socket of this machine.
    for each in filter(None, hosts) if any(hosts) else [os.environ.get("PGHOST", "")]:
        yield from each.split(",")


def _is_this_machine(host: str) -> bool:
    is_socket = not host or host.startswith("/")
    return is_socket or is_loopback(host) or is_loopback(host.rpartition(":")[0].strip("[]"))


class DatabaseSettings(EnvironmentSettings):
    """Where the shop stores everything."""

    database_url: Annotated[str, AfterValidator(_database_url), Field(repr=False)] = (
        f"{SQLITE}:///shop.db"
    )
    database_schema: Annotated[
        str,
        matching(
            r"[a-z_][a-z0-9_]{0,62}",
            "must be 1 to 63 lower-case letters, digits or '_', and not begin with a digit",
        ),
    ] = DEFAULT_SCHEMA
    database_pooler: Literal["none", "transaction"] = "none"

    @field_validator("database_url")
    @classmethod
    def _production_keeps_its_data(cls, text: str, info: ValidationInfo) -> str:
        if is_in_production(info) and text == IN_MEMORY:
            raise ValueError(
                f"SHOP_DATABASE_URL={IN_MEMORY} loses every order when the server stops;"
                " use a SQLite or PostgreSQL database in production"
            )
        return text

    @field_validator("database_url")
    @classmethod
    def _production_encrypts_its_database(cls, text: str, info: ValidationInfo) -> str:
        if is_in_production(info) and text != IN_MEMORY:
            url = make_url(text)
            is_elsewhere = any(not _is_this_machine(host) for host in _database_hosts(url))
            is_remote = url.drivername == POSTGRESQL and is_elsewhere
            if is_remote and url.query.get("ssl") not in _TLS_MODES:
                raise ValueError(
                    "SHOP_DATABASE_URL: a database on another host needs TLS in production; append"
                    " ?ssl=verify-full (or ssl=verify-ca, ssl=require), or ssl=disable if the"
                    " network may be read"
                )
        return text

    @field_validator("database_pooler")
    @classmethod
    def _poolers_are_of_postgresql(cls, pooler: str, info: ValidationInfo) -> str:
        url = info.data.get("database_url")
        if pooler != "none" and url is not None and not url.startswith(f"{POSTGRESQL}:"):
            raise ValueError("only PostgreSQL has poolers; leave it out, or set SHOP_DATABASE_URL")
        return pooler

    @property
    def is_pooled(self) -> bool:
        """Whether a pooler of transactions is between the shop and the database."""
        return self.database_pooler == "transaction"

    @property
    def is_in_memory(self) -> bool:
        """Whether the database lives in this process, and ends with it."""
        return self.database_url == IN_MEMORY

    @property
    def database_adapter(self) -> Literal["memory", "sql"]:
        """The adapters that store everything."""
        return "memory" if self.is_in_memory else "sql"

    @property
    def database_file(self) -> Path | None:
        """The file of a SQLite database; None for any other database."""
        if self.is_in_memory:
            return None
        url = make_url(self.database_url)
        return Path(url.database or "") if url.drivername == SQLITE else None

    @property
    def database_folder(self) -> Path | None:
        """The folder of a SQLite database; None for any other database."""
        return None if self.database_file is None else self.database_file.parent

    @property
    def has_single_writer(self) -> bool:
        """Whether the database runs one writing transaction at a time."""
        return self.is_in_memory or self.database_file is not None

    @property
    def name_of_files(self) -> str:
        """How the names of the shop's files begin; shops in other schemas have other files."""
        if self.database_file is not None:
            return str(self.database_file)
        return "shop" if self.database_schema == DEFAULT_SCHEMA else f"shop-{self.database_schema}"

    @property
    def secret_file(self) -> Path:
        """The file, beside the database, in which development stores a generated secret."""
        return Path(f"{self.name_of_files}.secret")

    @property
    def gateway_file(self) -> Path:
        """The file of a simulated gateway in process, beside the database."""
        return Path(f"{self.name_of_files}.gateway")

    @property
    def files_beside_database(self) -> Sequence[Path]:
        """The files that a shop makes beside a SQLite database, none of them before it."""
        if self.database_file is None:
            return ()
        # SQLite follows symbolic links, and has its files beside the file itself.
        real_path = self.database_file.resolve()
        log, index = Path(f"{real_path}-wal"), Path(f"{real_path}-shm")
        return log, index, self.gateway_file, self.secret_file
