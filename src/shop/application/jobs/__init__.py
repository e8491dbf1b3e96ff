"""Jobs: work that an order leaves to be done later, and how it is retried."""
