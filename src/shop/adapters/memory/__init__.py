"""Storage in memory (`memory://`), with the constraints of a database."""
