"""Sends e-mails by SMTP (RFC 5321), with TLS if offered or required."""

import asyncio
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from shop.adapters.smtp.email_templates import EmailTemplates
from shop.application.ports.mailer import Email, Mailer
from shop.application.ports.webhook_sender import NotificationFailed
from shop.domain.shared.counted import counted

ACCEPTED = 250
PERMANENT_FAILURE = 500
"""The lowest code of permanent failures (RFC 5321, section 4.2.1)."""

MAX_CONNECTIONS = 4
MAX_REASON_CHARACTERS = 200


class SmtpMailer(Mailer):
    """Sends e-mails to an SMTP server."""

    def __init__(
        self, url: str, *, sender: str, requires_tls: bool, timeout_seconds: float
    ) -> None:
        self._url = urlsplit(url)
        self._templates = EmailTemplates(sender)
        self._requires_tls = requires_tls
        self._timeout_seconds = timeout_seconds
        self._connections = asyncio.Semaphore(MAX_CONNECTIONS)

    async def send(self, email: Email) -> int:
        """Send an e-mail over a new connection."""
        try:
            message = self._templates.render(email)
        except ValueError as error:
            raise NotificationFailed(
                "invalid e-mail address", status_code=None, is_permanent=True
            ) from error
        try:
            # The timeout begins once there is a slot.
            async with self._connections, asyncio.timeout(self._timeout_seconds):
                await self._send_message(message)
        except SMTPNotSupported as failure:
            # STARTTLS and AUTH may be missing, too, and an operator can change that.
            if email.recipient_email.isascii():
                raise self._to_notification_failed(failure) from failure
            raise NotificationFailed(
                "the server takes no mailbox with such characters (no SMTPUTF8)",
                status_code=None,
                is_permanent=True,
            ) from failure
        except (SMTPException, OSError) as failure:
            raise self._to_notification_failed(failure) from failure
        return ACCEPTED

    async def _send_message(self, message: EmailMessage) -> None:
        url = self._url
        is_tls = url.scheme == "smtps"
        async with SMTP(
            hostname=url.hostname,
            port=url.port,
            username=None if url.username is None else unquote(url.username),
            password=None if url.password is None else unquote(url.password),
            use_tls=is_tls,
            # None uses STARTTLS if the server offers it.
            start_tls=None if is_tls or not self._requires_tls else True,
            timeout=self._timeout_seconds,
        ) as server:
            await server.send_message(message)

    def _to_notification_failed(self, failure: Exception) -> NotificationFailed:
        """Describe a failure without the server's text, which may repeat the message."""
        match failure:
            case SMTPRecipientsRefused(recipients=[SMTPRecipientRefused(code=code), *_]):
                reason = f"the server rejected the mailbox with {code}"
                return NotificationFailed(
                    reason, status_code=code, is_permanent=code >= PERMANENT_FAILURE
                )
            case SMTPResponseException(code=code):
                reason = f"{type(failure).__name__}: {code}"
                return NotificationFailed(reason, status_code=code, is_permanent=False)
            case TimeoutError():
                reason = f"no answer within {counted(self._timeout_seconds, 'second')}"
            case _:
                reason = f"{type(failure).__name__}: {failure}"[:MAX_REASON_CHARACTERS]
        return NotificationFailed(reason, status_code=None, is_permanent=False)
