"""Pricing: what a cart costs, with discounts, shipping and tax, to the last minor unit."""
