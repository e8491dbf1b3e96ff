"""A pgbouncer of the tests, in transaction mode, before their PostgreSQL server."""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
from sqlalchemy import make_url

from tests.servers import POLL_INTERVAL_SECONDS, reserved_port
from tests.system_user import make_readable, system_user
from tests.timeouts import TEST_TIMEOUT_SECONDS

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
HOW_TO_GET_IT = "pgbouncer is missing: apt-get install pgbouncer"

SERVER_CONNECTIONS = 2
"""So few that each statement is likely to run on another one than that before."""

ROLES = [f"pooled_{number}" for number in range(20)]
"""The roles that it knows besides that of the tests."""

CONFIGURATION = """
[databases]
* = host={host} port=5432

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
admin_users = postgres
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 200
"""


@dataclass(frozen=True)
class Pgbouncer:
    """A running pgbouncer."""

    port: int

    def url(self, database: str) -> str:
        """Return the URL of a database; its role has the same name."""
        return f"postgresql+asyncpg://{database}@127.0.0.1:{self.port}/{database}"

    async def reconnect(self) -> None:
        """Have it replace all connections to the server."""
        console = await asyncpg.connect(f"postgresql://postgres@127.0.0.1:{self.port}/pgbouncer")
        try:
            await console.execute("RECONNECT")
        finally:
            await console.close()


@contextmanager
def pgbouncer(postgresql_url: str) -> Iterator[Pgbouncer]:
    """Run pgbouncer before the server at this URL."""
    assert PROGRAM is not None
    with TemporaryDirectory(prefix="shop-pooler-") as folder, reserved_port() as port:
        file, log = Path(folder, "pgbouncer.ini"), Path(folder, "pgbouncer.log")
        host = make_url(postgresql_url).query["host"]
        users = Path(folder, "users.txt")
        users.write_text("".join(f'"{each}" ""\n' for each in ("postgres", *ROLES)))
        file.write_text(
            CONFIGURATION.format(host=host, port=port, users=users, connections=SERVER_CONNECTIONS)
        )
        make_readable(Path(folder))
        with log.open("wb") as output:
            # It does not run as root.
            process = subprocess.Popen(
                [PROGRAM, str(file)], stdout=output, stderr=output, user=system_user()
            )
        try:
            _wait_until_listening(port, process, log)
            yield Pgbouncer(port)
        finally:
            process.kill()
            process.wait()


def _wait_until_listening(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + TEST_TIMEOUT_SECONDS
    while True:
        assert process.poll() is None, log.read_text()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(POLL_INTERVAL_SECONDS)


async def add_role_and_database(postgresql_url: str, name: str) -> None:
    """Add a role, and a database of the same name that it owns."""
    connection = await asyncpg.connect(postgresql_url.replace("+asyncpg", ""))
    try:
        await connection.execute(f"CREATE ROLE {name} LOGIN")
        await connection.execute(f"CREATE DATABASE {name} OWNER {name}")
    finally:
        await asyncio.shield(connection.close())
