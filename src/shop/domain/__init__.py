"""The rules of the shop, free of input, output, clocks and frameworks."""
