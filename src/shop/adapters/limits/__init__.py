"""Rate limits by the library `limits`, stored in the shop's own database."""
