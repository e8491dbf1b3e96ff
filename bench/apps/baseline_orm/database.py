"""The database of the common way: a synchronous engine with a connection for every thread."""

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection

THREADS = 40
"""So many handlers run at a time, by Starlette's own choice; each finds a connection."""

BUSY_TIMEOUT_SECONDS = 30


def create_engine_for(shop_url: str) -> Engine:
    """Return an engine for the database that the shop's own URL names."""
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

    # As SQLAlchemy's own documentation has it for whoever needs transactions that hold. What is
    # committed is as safe as the shop has it.
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
