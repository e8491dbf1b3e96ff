"""The engine of the ORM baseline: synchronous, with a connection for each thread."""

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection

THREADS = 40
"""Starlette runs at most 40 `def` handlers at a time; each gets a connection."""

BUSY_TIMEOUT_SECONDS = 30


def create_engine_for(shop_url: str) -> Engine:
    """Return an engine for the database of the shop's URL."""
    url = make_url(shop_url)
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url.database or "")
    return create_engine(
        url.set(drivername="postgresql+psycopg2"), pool_size=THREADS, max_overflow=0
    )


def _sqlite_engine(file: str) -> Engine:
    created = create_engine(
        f"sqlite:///{file}",
        pool_size=THREADS,
        max_overflow=0,
        connect_args={
            "isolation_level": None,
            "timeout": BUSY_TIMEOUT_SECONDS,
            "check_same_thread": False,
        },
    )

    # SQLAlchemy's documentation describes this for serialisable transactions. Commits are as
    # durable as the shop's.
    @event.listens_for(created, "connect")
    def set_up(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(created, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return created
