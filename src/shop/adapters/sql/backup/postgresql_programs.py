"""Runs PostgreSQL's own programs `pg_dump` and `pg_restore`."""

import asyncio
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import URL

from shop.application.ports.database_backup import BackupFailed

_VERSION = re.compile(r"\) (\d+)")
_SSL_MODES = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}


class PostgresqlPrograms:
    """The programs on the `PATH`, connected to one database."""

    def __init__(self, url: URL) -> None:
        self._url = url

    async def dump(self, file: Path, *, schema: str, snapshot: str, server_version: int) -> None:
        """Dump a schema as it was in an exported snapshot."""
        await self.require("pg_dump", server_version)
        await self._run(
            "pg_dump",
            "--format=custom",
            f"--schema={schema}",
            f"--snapshot={snapshot}",
            *_OPTIONS,
            f"--file={file}",
        )

    async def contents(self, file: Path) -> str:
        """Return the list of what a dump contains, one entry on a line."""
        return await self._run("pg_restore", "--list", str(file))

    async def restore(self, file: Path, contents: Path) -> None:
        """Restore the listed contents of a dump, in one transaction."""
        await self._run(
            "pg_restore",
            f"--dbname={self._url.database or ''}",
            "--single-transaction",
            "--exit-on-error",
            *_OPTIONS,
            f"--use-list={contents}",
            str(file),
        )

    async def require(self, program: str, server_version: int) -> None:
        """Check that a program is there, and not older than the server."""
        described = await self._run(program, "--version")
        found = _VERSION.search(described)
        if found is not None and int(found[1]) < server_version:
            raise BackupFailed(
                f"{program} is version {found[1]}, older than the server's {server_version};"
                f" install the programs of PostgreSQL {server_version} or newer, and put their"
                " folder first in PATH"
            )

    async def _run(self, program: str, *arguments: str) -> str:
        path = shutil.which(program)
        if path is None:
            raise BackupFailed(
                f"the program {program} was not found; install PostgreSQL's client programs, and"
                " put their folder in PATH"
            )
        process = await asyncio.create_subprocess_exec(
            path,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **_connection_variables(self._url)},
        )
        try:
            output, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        if process.returncode:
            raise BackupFailed(f"{program} failed: {errors.decode(errors='replace')}")
        return output.decode(errors="replace")


_OPTIONS = ("--no-password", "--no-owner", "--no-privileges")
"""The programs report a missing password rather than ask for it. The role that restores owns the
tables, whatever role owned them before."""


def _connection_variables(url: URL) -> Mapping[str, str]:
    # The environment, unlike arguments, hides the password from other users of the machine.
    host = url.query.get("host", url.host)
    values = {
        "PGHOST": host if isinstance(host, str | None) else ",".join(host),
        "PGPORT": url.query.get("port", url.port),
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        "PGSSLMODE": url.query.get("ssl"),
    }
    if values["PGSSLMODE"] not in _SSL_MODES:
        del values["PGSSLMODE"]
    return {name: str(value) for name, value in values.items() if value is not None}
