"""TODO shop/application/reconciliation."""
