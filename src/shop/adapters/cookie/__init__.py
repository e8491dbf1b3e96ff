"""Sessions whose content travels in the cookie."""
