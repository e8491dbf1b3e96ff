"""Forwards TCP connections; stopped by SIGSTOP, it is a network in which nothing arrives.

    python -m tests.cluster.links PORT:TARGET_PORT ...

What was on its way when it was stopped arrives when it goes on, as in a network.
"""

import asyncio
import sys
from contextlib import suppress

HOST = "127.0.0.1"
CHUNK_BYTES = 65_536


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    writer.close()


async def _connect(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target_port: int
) -> None:
    try:
        to_reader, to_writer = await asyncio.open_connection(HOST, target_port)
    except OSError:
        writer.close()
        return
    await asyncio.gather(_forward(reader, to_writer), _forward(to_reader, writer))


async def _serve(port: int, target_port: int) -> None:
    server = await asyncio.start_server(
        lambda reader, writer: _connect(reader, writer, target_port), HOST, port
    )
    async with server:
        await server.serve_forever()


async def _run(pairs: list[str]) -> None:
    await asyncio.gather(*(_serve(*map(int, each.split(":"))) for each in pairs))


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(sys.argv[1:]))
