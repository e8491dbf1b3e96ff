"""Ports: what the use cases ask of the world. All of them point outwards."""
