"""Inventory: stock on hand, reserved stock, and every movement of both."""
