"""TODO shop/entrypoints/http/api/fulfilment."""
