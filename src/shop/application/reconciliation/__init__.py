"""Reconciliation of the ledger with the gateway's records, and the integrity audit."""
