"""The ledger: customers' store-credit accounts, deposits and transfers."""
