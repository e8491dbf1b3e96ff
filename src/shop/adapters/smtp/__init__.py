"""Adapters that hand letters to a mail server."""
