"""Renders e-mails from the templates of this package, as text and HTML."""

from collections.abc import Mapping
from decimal import Decimal
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from shop.application.ports.mailer import Email
from shop.domain.shared.money import Currency, Money


class EmailTemplates:
    """Renders e-mails; names of customers and products are escaped."""

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
        self._templates.filters |= {"money": _money, "options": _options, "tax": _tax}

    def render(self, email: Email) -> EmailMessage:
        """Render a message; raise `ValueError` if the address is invalid in a header.

        The same e-mail has the same Message-ID, so mail programs recognise a duplicate (RFC 5322,
        section 3.6.4).
        """
        values = {
            "name": email.recipient_name,
            "order": email.payload,
            "shipping_name": email.shipping_name,
            "shipping_address": email.shipping_address,
            "billing_address": email.billing_address,
            "order_link": email.order_link,
        }
        text = self._templates.get_template(f"{email.event_type}.txt")
        html = self._templates.get_template(f"{email.event_type}.html")
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        message["To"] = _recipient(email)
        message["Subject"] = "".join(text.blocks["subject"](text.new_context(values))).strip()
        message["Date"] = format_datetime(email.created_at)
        message["Message-ID"] = f"<{email.id}@{self._sender.domain}>"
        # Prevents automatic replies (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text.render(values))
        message.add_alternative(html.render(values), subtype="html")
        return message


def _recipient(email: Email) -> Address:
    # Built from its parts, because parsing could result in another address.
    username, _, domain = email.recipient_email.rpartition("@")
    return Address(display_name=email.recipient_name, username=username, domain=domain)


def _money(amount: Mapping[str, Any]) -> str:
    return str(Money(amount=amount["amount"], currency=Currency(amount["currency"])))


def _options(options: Mapping[str, str]) -> str:
    """Return what is chosen of a product, after its name."""
    return f" ({', '.join(options.values())})" if options else ""


_REASONS = {
    "reverse-charge": "Tax is owed by the recipient (reverse charge).",
    "export": "Tax-free export.",
}


def _tax(tax: Mapping[str, Any], totals: Mapping[str, Any]) -> str:
    """Return a sentence about a tax, or why nothing is taxed."""
    if tax["reason"] is not None:
        return _REASONS.get(tax["reason"], f"{tax['name']}: no tax ({tax['reason']}).")
    rate = f"{Decimal(tax['rate']).normalize():f} %"
    verb = "Includes" if totals["prices_include_tax"] else "Plus"
    return f"{verb} {tax['name']} ({rate} of {_money(tax['base'])}): {_money(tax['amount'])}"
