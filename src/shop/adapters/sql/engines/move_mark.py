"""The mark in a SQLite file that a shop has left it, which every transaction sees.

It is a number in the file's header, so looking at it costs next to nothing. Writes are stopped by
triggers as well, which programs meet that do not look.
"""

import sqlite3

from shop.application.ports.unit_of_work import ShopMoved

MOVE_TABLE = "shop_move"
"""The table that says where the shop moves or has moved to; it exists from the first move on."""

MOVED = 2
"""The value of `user_version` of a file that the shop has left."""


def require_not_moved(connection: sqlite3.Connection) -> None:
    """Raise `ShopMoved` if the shop has left the file; call it in a transaction."""
    ((mark,),) = connection.execute("PRAGMA user_version")
    if mark == MOVED:
        ((target, moved_at),) = connection.execute(f"SELECT target, moved_at FROM {MOVE_TABLE}")  # noqa: S608  A constant.
        raise ShopMoved(target, moved_at)
