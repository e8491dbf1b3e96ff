"""Addresses, telephone numbers and VAT numbers by country, on libraries that have the data."""
