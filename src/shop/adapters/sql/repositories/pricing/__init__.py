"""The rules of prices, and the uses of what they limit, in a relational database."""
