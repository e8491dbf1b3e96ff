"""What the use cases ask of the world: one module per conversation."""
