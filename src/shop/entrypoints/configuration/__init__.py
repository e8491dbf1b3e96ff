"""Settings, and what is derived from them."""
