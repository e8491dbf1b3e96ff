"""The integrity audit as SQL."""
