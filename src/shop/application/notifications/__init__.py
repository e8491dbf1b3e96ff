"""Notifications: webhooks and e-mails about what happened, sent at least once."""
