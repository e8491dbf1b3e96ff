"""What connections to PostgreSQL begin with: of their own, or as defaults of their role."""

from collections.abc import Mapping

from shop.adapters.sql.engines.plans import KEYED_PLANS

SETTINGS = {"lock_timeout": "3s", "idle_in_transaction_session_timeout": "1min"}
"""Customers do not wait longer for a lock; idle transactions end as well."""


def needed_settings(schema: str) -> Mapping[str, str]:
    """Return the settings that the shop's role needs in its database."""
    return {
        **KEYED_PLANS,
        "default_transaction_isolation": "read committed",
        **SETTINGS,
        "search_path": schema,
    }
