"""TODO shop/application/ledger."""
