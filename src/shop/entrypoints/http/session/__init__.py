"""The session cookie and the headers of a response."""
