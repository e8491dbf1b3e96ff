"""Shared by the whole domain: errors, money, text, state machines."""
