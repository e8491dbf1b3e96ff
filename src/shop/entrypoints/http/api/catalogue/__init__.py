"""Products and stock: routes and schemas."""
