"""Reads the sum of all accounts beside a load: in each snapshot it is nothing."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import asyncpg

INTERVAL_SECONDS = 0.02

# The accounts of the shop keep no balance: theirs is what was transferred (decision 7).
SUM_OF_ALL_ACCOUNTS = """
    SELECT COALESCE((SELECT SUM(balance) FROM accounts), 0)
         + COALESCE((SELECT SUM(t.amount) FROM transfers t
                     JOIN accounts a ON a.id = t.credit_account_id WHERE a.balance IS NULL), 0)
         - COALESCE((SELECT SUM(t.amount) FROM transfers t
                     JOIN accounts a ON a.id = t.debit_account_id WHERE a.balance IS NULL), 0)
"""


class BankReader:
    """What was read so far."""

    def __init__(self, url: str, schema: str = "public") -> None:
        self._url = url.replace("+asyncpg", "")
        self._schema = schema
        self.sums: Counter[int] = Counter()
        """How often each sum was read."""

    async def read_on(self) -> None:
        """Read again and again; where the database is gone, wait until it is back."""
        while True:
            try:
                await self._read()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(INTERVAL_SECONDS)

    async def _read(self) -> None:
        if self._url.startswith("sqlite"):
            while True:
                self.sums[await asyncio.to_thread(self._sum_in_sqlite)] += 1
                await asyncio.sleep(INTERVAL_SECONDS)
        connection = await asyncpg.connect(
            self._url, server_settings={"search_path": self._schema}, timeout=5
        )
        try:
            while True:
                self.sums[int(await connection.fetchval(SUM_OF_ALL_ACCOUNTS))] += 1
                await asyncio.sleep(INTERVAL_SECONDS)
        finally:
            connection.terminate()

    def _sum_in_sqlite(self) -> int:
        with closing(sqlite3.connect(self._url.partition(":///")[2])) as connection:
            (total,) = connection.execute(SUM_OF_ALL_ACCOUNTS).fetchone()
            return int(total)


@asynccontextmanager
async def bank_reader(url: str, schema: str = "public") -> AsyncIterator[BankReader]:
    """Read beside what happens within; at its end, every sum must have been nothing."""
    reader = BankReader(url, schema)
    reading = asyncio.create_task(reader.read_on())
    try:
        yield reader
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    assert reader.sums.keys() == {0}
