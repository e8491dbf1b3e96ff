"""The cart: routes and schemas."""
