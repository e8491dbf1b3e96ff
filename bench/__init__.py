"""How fast the shop is, beside what its database can do and beside the common way to write one."""
