"""The tables, their column types, and the migrations that lead to them."""
