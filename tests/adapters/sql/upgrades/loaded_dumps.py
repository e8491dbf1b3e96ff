"""The dumps of databases that earlier releases have made."""

import re
import sqlite3
from pathlib import Path
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

DUMPS = Path(__file__).with_name("dumps")


async def load_dump(dump: str, folder: Path, postgresql_url: str) -> tuple[str, str]:
    """Load a dump into a new database; return its URL and schema."""
    statements = (DUMPS / f"{dump}.sql").read_text()
    if dump.endswith(".sqlite"):
        connection = sqlite3.connect(folder / "shop.db")
        connection.executescript(statements)
        connection.close()
        return f"sqlite+aiosqlite:///{folder}/shop.db", "public"
    schema = f"upgraded_{uuid4().hex}"
    loader = create_async_engine(postgresql_url)
    async with loader.begin() as writer:
        await writer.execute(text(f"CREATE SCHEMA {schema}"))
        await writer.execute(text(f"SET LOCAL search_path TO {schema}"))
        for statement in re.split(r"(?<=;)\n", statements):
            if statement.strip():
                await writer.exec_driver_sql(statement)
    await loader.dispose()
    return postgresql_url, schema
