"""Routes for operators, for the gateway, and for readers of the documentation."""
