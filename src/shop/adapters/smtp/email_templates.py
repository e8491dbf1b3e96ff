"""The wording of letters: templates of this package, in text and in HTML."""

from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from shop.application.ports.mailer import Email
from shop.domain.shared.money import Currency, Money


class EmailTemplates:
    """Puts letters into words. What customers and products are called is data, never markup."""

    def __init__(self, sender: str) -> None:
        name, email = parseaddr(sender)
        self._sender = Address(display_name=name, addr_spec=email)
        self._templates = Environment(
            loader=PackageLoader("shop.adapters.smtp"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["money"] = _money

    def render(self, email: Email) -> EmailMessage:
        """Return the message; raise `ValueError` where the address cannot stand in a header.

        The same letter makes the same Message-ID: who gets it twice can tell (RFC 5322, 3.6.4).
        """
        values = {"name": email.recipient_name, "order": email.payload}
        text = self._templates.get_template(f"{email.event_type}.txt")
        html = self._templates.get_template(f"{email.event_type}.html")
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        message["To"] = _recipient(email)
        message["Subject"] = "".join(text.blocks["subject"](text.new_context(values))).strip()
        message["Date"] = format_datetime(email.created_at)
        message["Message-ID"] = f"<{email.id}@{self._sender.domain}>"
        # RFC 3834: no holiday notice is to answer this.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text.render(values))
        message.add_alternative(html.render(values), subtype="html")
        return message


def _recipient(email: Email) -> Address:
    # Parts, as they are: an address that is parsed again might turn out to be another one.
    username, _, domain = email.recipient_email.rpartition("@")
    return Address(display_name=email.recipient_name, username=username, domain=domain)


def _money(amount: Mapping[str, Any]) -> str:
    return str(Money(amount=amount["amount"], currency=Currency(amount["currency"])))
