"""The comparison of two revisions, each driven from outside: it imports neither's code."""
