"""The catalogue: categories, the history of prices, and what a search finds."""
