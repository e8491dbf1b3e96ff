"""How products are stored as rows, and the pages of a list of them."""
