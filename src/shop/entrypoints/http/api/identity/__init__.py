"""Users and sessions: routes and schemas."""
