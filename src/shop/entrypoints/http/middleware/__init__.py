"""What surrounds every request: pure ASGI, one concern per module."""
