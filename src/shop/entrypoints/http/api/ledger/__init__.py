"""Routes of accounts, transfers, deposits and credits."""
