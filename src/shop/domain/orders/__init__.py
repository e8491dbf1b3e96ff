"""Orders, and what happens to them: shipments, refunds, fulfilment."""
