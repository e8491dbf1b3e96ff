"""A gateway that moves no money: it behaves as cards do that are made for trying things out."""
