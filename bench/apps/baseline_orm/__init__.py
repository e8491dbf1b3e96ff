"""The common way, written well: one ORM session and one transaction for each request."""
