"""Taxes: which rate applies to what, and how much it is."""
