"""A socket in place of that of a PostgreSQL server on this machine."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url

SOCKET = ".s.PGSQL.5432"

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]


def server_socket(url: str) -> Path:
    """Return the Unix socket of the server at this URL."""
    return Path(str(make_url(url).query["host"]), SOCKET)


@asynccontextmanager
async def listening_instead(url: str, accept: Accept) -> AsyncIterator[str]:
    """Yield the URL at which connections are accepted in place of those to `url`."""
    # The path of a socket must be short.
    with TemporaryDirectory(prefix="shop-proxy-") as folder:
        listener = await asyncio.start_unix_server(accept, Path(folder, SOCKET))
        proxied = make_url(url).set(query={"host": folder})
        try:
            yield proxied.render_as_string(hide_password=False)
        finally:
            listener.close()
