"""Routes of shipments, deliveries and refunds."""
