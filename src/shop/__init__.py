"""An order backend that a team can trust with money and stock."""
