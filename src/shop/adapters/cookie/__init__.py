"""Sessions whose content is in the cookie."""
