"""How long is waited for what is to happen at once: no machine is so busy that it meets this."""

PATIENCE_SECONDS = 120
