"""Measures how near the shop is to what the machine can do, and how it bears extremes."""
