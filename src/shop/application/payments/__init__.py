"""Payments: what is asked of the payment gateway, and under which keys."""
