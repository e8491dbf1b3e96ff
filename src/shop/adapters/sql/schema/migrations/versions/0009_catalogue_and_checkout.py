"""What variants, search, prices by rules, guests and addresses need.

Every step can be run again: a second attempt passes over what the first has made. The new columns
have defaults, so that servers of the release before go on beside this schema. No step reads the
rows of a table, because the tables are locked until all steps are done: the migrator fills the
new tables, checks constraints and makes the indexes of large tables afterwards.
"""

from shop.adapters.sql.schema.migrations.revision_0009.catalogue import create_catalogue
from shop.adapters.sql.schema.migrations.revision_0009.columns import (
    add_columns,
    order_names_by_bytes,
)
from shop.adapters.sql.schema.migrations.revision_0009.customers import create_customers
from shop.adapters.sql.schema.migrations.revision_0009.inventories import drop_foreign_key
from shop.adapters.sql.schema.migrations.revision_0009.older_servers import (
    add_missing_variants,
)
from shop.adapters.sql.schema.migrations.revision_0009.pricing import create_pricing
from shop.adapters.sql.schema.migrations.revision_0009.search import create_search

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the tables and columns."""
    create_catalogue()
    create_search()
    create_pricing()
    create_customers()
    # Last, because their locks keep readers waiting, too.
    drop_foreign_key()
    order_names_by_bytes()
    add_columns()
    add_missing_variants()
