"""Storage in memory for tests, with the constraints of the database."""
