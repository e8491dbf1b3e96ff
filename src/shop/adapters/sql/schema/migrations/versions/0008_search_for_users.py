"""A text by which staff find users, and an index for lists of users.

Every step can be run again: a second attempt passes over what the first has made.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_USERS = sa.table(
    "users",
    sa.column("id", sa.Uuid()),
    sa.column("name", sa.Text()),
    sa.column("email", sa.Text()),
    sa.column("search_text", sa.Text()),
)
_ROWS_AT_ONCE = 1000


def upgrade() -> None:
    """Add the column and the index, and fill the column."""
    connection = op.get_bind()
    existing = {column["name"] for column in sa.inspect(connection).get_columns("users")}
    if "search_text" not in existing:
        op.add_column(
            "users", sa.Column("search_text", sa.Text(), nullable=False, server_default="")
        )
    op.create_index("ix_users_created_at_id", "users", ["created_at", "id"], if_not_exists=True)
    missing = (
        sa.select(_USERS.c.id, _USERS.c.name, _USERS.c.email)
        .where(_USERS.c.search_text == "")
        .limit(_ROWS_AT_ONCE)
    )
    fill = (
        sa.update(_USERS)
        .where(_USERS.c.id == sa.bindparam("user_id"))
        .values(search_text=sa.bindparam("text"))
    )
    while rows := connection.execute(missing).all():
        texts = [{"user_id": row.id, "text": f"{row.email}\n{row.name}".casefold()} for row in rows]
        if connection.dialect.name == "sqlite":
            # The connection runs one statement at a time, without a way to a server.
            for each in texts:
                connection.execute(fill, each)
        else:
            connection.execute(fill, texts)
