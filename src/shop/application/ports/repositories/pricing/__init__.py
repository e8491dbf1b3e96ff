"""Ports to the rules of prices, and to the uses of what they limit."""
