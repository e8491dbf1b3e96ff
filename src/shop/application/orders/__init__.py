"""Orders after checkout: queries, cancellation, fulfilment and refunds."""
