"""The integrity audit in memory."""
