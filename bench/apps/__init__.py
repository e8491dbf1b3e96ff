"""Apps that are measured beside the shop."""
