"""Orders, and their shipments, refunds and fulfilment."""
