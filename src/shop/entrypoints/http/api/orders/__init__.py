"""Orders: routes and schemas."""
