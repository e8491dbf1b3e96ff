"""Adapters that ask other servers over HTTP."""
