"""The shop in memory, for tests, also of those who build on it: it refuses what SQL refuses."""
