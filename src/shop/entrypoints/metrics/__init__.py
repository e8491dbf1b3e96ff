"""Metrics: their report, the port that serves it, and the audits that it shows."""
