"""Reconciliation with the gateway's records, and the integrity audit."""
