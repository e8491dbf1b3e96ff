"""Categories: what staff do with them, and what follows later."""
