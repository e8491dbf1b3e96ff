"""The session cookie, and what a response does with it."""
