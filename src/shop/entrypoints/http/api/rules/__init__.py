"""Routes of the rules of prices."""
