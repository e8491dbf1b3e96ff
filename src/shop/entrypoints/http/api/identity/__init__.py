"""Routes of users, sessions and preferences."""
