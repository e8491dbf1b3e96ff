"""Gateway events that a job handles: which payment an event is about, and which job it has.

Every step can be run again: a second attempt passes over what the first has made.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns and the index; events from before have no job, and need none."""
    existing = {
        column["name"] for column in sa.inspect(op.get_bind()).get_columns("gateway_events")
    }
    for column in (
        sa.Column("payment_id", sa.Text(), nullable=True),
        sa.Column("job_subject_id", sa.Uuid(), nullable=True),
    ):
        if column.name not in existing:
            op.add_column("gateway_events", column)
    op.create_index(
        "ix_gateway_events_job_subject_id",
        "gateway_events",
        ["job_subject_id"],
        unique=True,
        if_not_exists=True,
    )
