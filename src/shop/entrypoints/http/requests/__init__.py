"""How requests are read: strict parameters, idempotency keys, cursors."""
