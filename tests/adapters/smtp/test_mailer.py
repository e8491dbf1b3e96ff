"""The SMTP mailer: what a server may respond, and the text of the emails."""

import asyncio
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from shop.adapters.smtp.email_templates import EmailTemplates
from shop.adapters.smtp.mailer import MAX_CONNECTIONS, SmtpMailer
from shop.adapters.smtp.no_server import NoMailer
from shop.application.notifications.events import EMAILED
from shop.application.notifications.payloads import order_payload
from shop.application.ports.mailer import Email, Mailer
from shop.application.ports.webhook_sender import NotificationFailed
from shop.domain.notification import EventType
from tests.factories import NOW, id_of, line, order, payment, user
from tests.servers import POLL_INTERVAL_SECONDS, reserved_port
from tests.timeouts import TEST_TIMEOUT_SECONDS, LoopTime

pytestmark = pytest.mark.anyio

ADA = user("ada")
SENDER = "The Shop <orders@shop.example>"


class FakeSmtpServer:
    """An SMTP server that stores messages; it can reject recipients or messages."""

    def __init__(self) -> None:
        self.posted: list[Envelope] = []
        self.signed_in: list[bytes] = []
        self.mailbox = "250 OK"
        self.responses = "250 OK"
        self.received = 0
        self.released: float = math.inf
        """How many messages are answered; the others wait."""

    async def handle_RCPT(  # noqa: N802  The server's own name, and its arguments.
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],
    ) -> str:
        del server, session, rcpt_options
        if self.mailbox.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.mailbox

    async def handle_DATA(  # noqa: N802  The server's own name.
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        del server, session
        self.received += 1
        number = self.received
        while number > self.released:  # noqa: ASYNC110  The test runs in another thread.
            await asyncio.sleep(POLL_INTERVAL_SECONDS)
        if self.responses.startswith("250"):
            self.posted.append(envelope)
        return self.responses

    def authenticate(self, *arguments: Any) -> AuthResult:  # noqa: ANN401  As the server has it.
        login = arguments[-1]
        assert isinstance(login, LoginPassword)
        self.signed_in.append(login.password)
        return AuthResult(success=login.password == b"p@ss word", handled=False)

    def message(self) -> EmailMessage:
        """Return the one message that was posted."""
        (envelope,) = self.posted
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        return message


@pytest.fixture
def smtp_server() -> FakeSmtpServer:
    return FakeSmtpServer()


@pytest.fixture
def port(smtp_server: FakeSmtpServer) -> Iterator[int]:
    """Yield the port of a running SMTP server."""
    with reserved_port() as port:
        controller = Controller(
            smtp_server,
            hostname="127.0.0.1",
            port=port,
            ready_timeout=TEST_TIMEOUT_SECONDS,
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=smtp_server.authenticate,
        )
        controller.start()
        yield port
        controller.stop()


NewMailer = Callable[..., SmtpMailer]


@pytest.fixture
def mailer(port: int) -> SmtpMailer:
    return create_mailer(f"smtp://127.0.0.1:{port}")


def create_mailer(url: str, *, requires_tls: bool = False) -> SmtpMailer:
    return SmtpMailer(
        url, sender=SENDER, requires_tls=requires_tls, timeout_seconds=TEST_TIMEOUT_SECONDS
    )


def email(event_type: EventType = EventType.ORDER_PAID, name: str = "Ada") -> Email:
    bought = order(ADA, "1", line("TEA", 2, name="Tea <b>&</b> biscuits"))
    refund = {"amount": {"amount": 5, "currency": "EUR"}, "to": "card"}
    facts = {**order_payload(bought, payment(bought)), "refund": refund}
    return Email(
        id=id_of("delivery 1"),
        recipient_name=name,
        recipient_email="ada@example.com",
        event_type=event_type,
        payload=facts,
        created_at=NOW,
    )


async def _failed_send(mailer: Mailer, email: Email) -> tuple[str, int | None, bool]:
    with pytest.raises(NotificationFailed) as missed:
        await mailer.send(email)
    assert "p@ss" not in str(missed.value)
    return missed.value.reason, missed.value.status_code, missed.value.is_permanent


async def test_email_arrives_as_text_and_html(
    mailer: SmtpMailer, smtp_server: FakeSmtpServer
) -> None:
    assert await mailer.send(email()) == 250

    message = smtp_server.message()
    assert smtp_server.posted[0].rcpt_tos == ["ada@example.com"]
    assert {name: message[name] for name in ("From", "To", "Subject", "Message-ID", "Date")} == {
        "From": SENDER,
        "To": "Ada <ada@example.com>",
        "Subject": "Your order ORDER-1",
        "Message-ID": f"<{id_of('delivery 1')}@shop.example>",
        "Date": "Sat, 21 Nov 2026 12:00:00 +0000",
    }
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert "2 x Tea <b>&</b> biscuits: 10.00 EUR" in text.get_content()
    assert "<td>Tea &lt;b&gt;&amp;&lt;/b&gt; biscuits</td>" in html.get_content()
    assert "Total: 10.00 EUR" in text.get_content()


async def test_waiting_for_a_free_connection_does_not_count_towards_the_timeout(
    mailer: SmtpMailer, smtp_server: FakeSmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop_time = LoopTime(monkeypatch)
    smtp_server.released = 0
    sending = asyncio.gather(*(mailer.send(email()) for _ in range(MAX_CONNECTIONS * 3)))

    for sent in (1, 2, 3):
        while smtp_server.received < MAX_CONNECTIONS * sent:
            assert not sending.done()
            await asyncio.sleep(POLL_INTERVAL_SECONDS)
        # Two rounds exceed the timeout; a single one is far below it.
        await loop_time.advance(TEST_TIMEOUT_SECONDS * 2 / 3)
        smtp_server.released = smtp_server.received
    await sending

    assert len(smtp_server.posted) == MAX_CONNECTIONS * 3


async def test_mailer_signs_in_with_the_credentials_of_the_url(
    port: int, smtp_server: FakeSmtpServer
) -> None:
    await create_mailer(f"smtp://shop:p%40ss%20word@127.0.0.1:{port}").send(email())
    assert smtp_server.signed_in == [b"p@ss word"]

    failure = await _failed_send(create_mailer(f"smtp://shop:p%40ss@127.0.0.1:{port}"), email())
    assert failure == ("SMTPAuthenticationError: 535", 535, False)
    assert len(smtp_server.posted) == 1


@pytest.mark.parametrize(("code", "for_good"), [(550, True), (450, False)])
async def test_rejected_mailbox_fails_permanently_or_temporarily(
    mailer: SmtpMailer, smtp_server: FakeSmtpServer, code: int, *, for_good: bool
) -> None:
    smtp_server.mailbox = f"{code} ada@example.com is not here"
    failure = await _failed_send(mailer, email())
    assert failure == (f"the server rejected the mailbox with {code}", code, for_good)


async def test_mailbox_that_needs_smtputf8_fails_permanently_without_it() -> None:
    server = FakeSmtpServer()
    with reserved_port() as port:
        controller = Controller(
            server,
            hostname="127.0.0.1",
            port=port,
            ready_timeout=TEST_TIMEOUT_SECONDS,
            enable_SMTPUTF8=False,
        )
        controller.start()
        mailer = create_mailer(f"smtp://127.0.0.1:{port}")
        failure = await _failed_send(mailer, replace(email(), recipient_email="zoë@example.com"))
        await mailer.send(email())
        controller.stop()
    reason = "the server takes no mailbox with such characters (no SMTPUTF8)"
    assert failure == (reason, None, True)
    assert len(server.posted) == 1


async def test_temporary_server_error_is_retried(
    mailer: SmtpMailer, smtp_server: FakeSmtpServer
) -> None:
    smtp_server.responses = "451 too busy"
    assert await _failed_send(mailer, email()) == ("SMTPDataError: 451", 451, False)
    smtp_server.responses = "250 OK"
    await mailer.send(email())
    assert len(smtp_server.posted) == 1


async def test_unreachable_server_fails_the_email() -> None:
    with reserved_port() as port:
        reason, code, for_good = await _failed_send(
            create_mailer(f"smtp://127.0.0.1:{port}"), email()
        )
    assert (reason.partition(":")[0], code, for_good) == ("SMTPConnectError", None, False)


async def test_shop_without_a_mail_server_sends_no_email() -> None:
    assert await _failed_send(NoMailer(), email()) == (
        "SHOP_SMTP_URL is not set",
        None,
        False,
    )


async def test_required_tls_prevents_sending_without_it(
    port: int, smtp_server: FakeSmtpServer
) -> None:
    url = f"smtp://shop:p%40ss%20word@127.0.0.1:{port}"
    reason, _, for_good = await _failed_send(create_mailer(url, requires_tls=True), email())
    assert ("STARTTLS" in reason, for_good) == (True, False)
    assert (smtp_server.signed_in, smtp_server.posted) == ([], [])


@pytest.mark.parametrize("event_type", sorted(EMAILED))
def test_every_email_has_subject_and_text(event_type: EventType) -> None:
    message = EmailTemplates(SENDER).render(email(event_type))
    assert "ORDER-1" in message["Subject"]
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        assert "Hello Ada," in part.get_content()
        assert "{" not in part.get_content()


def test_letter_to_a_guest_has_the_link_to_the_order() -> None:
    link = "https://shop.example.com/api/v1/orders/1?token=abc"
    message = EmailTemplates(SENDER).render(replace(email(), order_link=link))
    for kind, expected in (("plain", f"\n{link}\n"), ("html", f'<a href="{link}">')):
        part = message.get_body((kind,))
        assert part is not None
        assert expected in part.get_content()


@pytest.mark.parametrize("breaks", ["\r\nBcc: eve@example.com", "\n", "\r"])
def test_name_cannot_add_a_header_line(breaks: str) -> None:
    with pytest.raises(ValueError, match="CR or LF"):
        EmailTemplates(SENDER).render(email(name=f"Ada{breaks}"))


def test_name_is_shown_unchanged() -> None:
    message = EmailTemplates(SENDER).render(email(name='Eve <eve@example.com>, "Ada" Ç'))
    (recipient,) = message["To"].addresses
    assert recipient.addr_spec == "ada@example.com"


TAXES: list[dict[str, Any]] = [
    {"name": "VAT", "rate": "19.000", "reason": None, "base": 1546, "amount": 294},
    {"name": "Export", "rate": "0.000", "reason": "export", "base": 100, "amount": 0},
    {"name": "Seeds", "rate": "0.000", "reason": "exempt", "base": 100, "amount": 0},
]


def _letter(*, prices_include_tax: bool) -> Email:
    """Return the letter about an order with a discount, shipping, taxes and addresses."""

    def money(amount: int) -> dict[str, Any]:
        return {"amount": amount, "currency": "EUR"}

    letter = email()
    taxes = [
        {**each, "base": money(each["base"]), "amount": money(each["amount"])} for each in TAXES
    ]
    line = {**letter.payload["lines"][0], "options": {"Size": "250 g", "Cut": "fine"}}
    payload = {
        **letter.payload,
        "lines": [line],
        "totals": {"shipping": money(490), "prices_include_tax": prices_include_tax},
        "discounts": [{"promotion": "sale", "name": "Sale <b>", "amount": money(150)}],
        "taxes": taxes,
    }
    return replace(
        letter,
        payload=payload,
        shipping_name="Parcel",
        shipping_address=("Ada Lovelace", "Invalidenstr. 1 <b>", "10115 BERLIN", "GERMANY"),
        billing_address=("Ada SA", "PARIS"),
    )


def _content(letter: Email, kind: str) -> str:
    part = EmailTemplates(SENDER).render(letter).get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content


def test_letter_has_discounts_shipping_taxes_and_addresses() -> None:
    assert _content(_letter(prices_include_tax=True), "plain").splitlines()[4:] == [
        "Order ORDER-1",
        "2 x Tea <b>&</b> biscuits (250 g, fine): 10.00 EUR",
        "Sale <b>: -1.50 EUR",
        "Parcel: 4.90 EUR",
        "Includes VAT (19 % of 15.46 EUR): 2.94 EUR",
        "Tax-free export.",
        "Seeds: no tax (exempt).",
        "Total: 10.00 EUR",
        "",
        "Shipped to:",
        "Ada Lovelace",
        "Invalidenstr. 1 <b>",
        "10115 BERLIN",
        "GERMANY",
        "",
        "Billed to:",
        "Ada SA",
        "PARIS",
    ]
    assert "Plus VAT (19 % of" in _content(_letter(prices_include_tax=False), "plain")


def test_letter_as_html_escapes_what_customers_and_staff_have_written() -> None:
    html = _content(_letter(prices_include_tax=True), "html")

    assert "<td>Sale &lt;b&gt;</td><td>-1.50 EUR</td>" in html
    assert "Shipped to:<br>Ada Lovelace<br>Invalidenstr. 1 &lt;b&gt;<br>10115 BERLIN" in html


def test_letter_of_a_payload_that_was_stored_before_there_were_totals() -> None:
    stored = {
        name: each
        for name, each in email().payload.items()
        if name not in {"totals", "discounts", "taxes", "shipping_method"}
    }
    letter = replace(email(), payload=stored, shipping_name="Parcel")
    for kind in ("plain", "html"):
        content = _content(letter, kind)
        assert ("10.00 EUR" in content, "Parcel" in content) == (True, False)
