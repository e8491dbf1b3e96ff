"""Webhooks that the shop sends."""
