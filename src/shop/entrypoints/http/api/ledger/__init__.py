"""Accounts, transfers, deposits and credits: routes and schemas."""
