"""Statements that read and write sets of rows."""
