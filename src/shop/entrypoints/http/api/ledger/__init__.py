"""TODO shop/entrypoints/http/api/ledger."""
