"""A unit of work without locks: it decides on a snapshot, and one guarded statement writes it."""
