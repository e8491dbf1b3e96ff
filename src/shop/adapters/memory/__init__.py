"""The shop in memory (`memory://`), for demonstrations and tests; rejects what SQL rejects."""
