"""The mailer of a shop without a mail server."""

from shop.application.ports.mailer import Email, Mailer
from shop.application.ports.webhook_sender import NotificationFailed


class NoMailer(Mailer):
    """Fails every attempt: an e-mail waits until the settings name a server."""

    async def send(self, email: Email) -> int:
        """Raise `NotificationFailed`."""
        del email
        raise NotificationFailed("SHOP_SMTP_URL is not set", status_code=None, is_permanent=False)
