"""What the ports meet in the world: one package per technology."""
