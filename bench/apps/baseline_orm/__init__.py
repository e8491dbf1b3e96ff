"""The ORM baseline: one ORM session and one transaction per request."""
