"""Pricing: what a cart costs, with discounts, shipping and tax."""
