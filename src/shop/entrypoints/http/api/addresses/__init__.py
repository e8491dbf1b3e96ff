"""Addresses, and the address book: routes and schemas."""
