"""Apps that the shop is measured beside."""
