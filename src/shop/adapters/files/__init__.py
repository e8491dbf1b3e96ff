"""Files of the shop other than its database."""
