"""Middleware around every request: pure ASGI, one concern per module."""
