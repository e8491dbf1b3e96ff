"""The mailer over SMTP, at a server that may refuse, and the wording of its letters."""

import asyncio
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from shop.adapters.smtp.email_templates import EmailTemplates
from shop.adapters.smtp.mailer import MAX_CONNECTIONS, SmtpMailer
from shop.application.notifications.events import EMAILED
from shop.application.notifications.payloads import order_payload
from shop.application.ports.mailer import Email
from shop.application.ports.webhook_sender import NotificationFailed
from shop.domain.notification import EventType
from tests.factories import NOW, an_id, line, order, payment, user
from tests.patience import PATIENCE_SECONDS
from tests.servers import port_of_our_own

pytestmark = pytest.mark.anyio

ADA = user("ada")
SENDER = "The Shop <orders@shop.example>"


class PostOffice:
    """Keeps what is posted; the next recipient, or all that is said, may be refused."""

    def __init__(self) -> None:
        self.posted: list[Envelope] = []
        self.signed_in: list[bytes] = []
        self.mailbox = "250 OK"
        self.said = "250 OK"
        self.delay_seconds = 0.0

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
        await asyncio.sleep(self.delay_seconds)
        if self.said.startswith("250"):
            self.posted.append(envelope)
        return self.said

    def authenticate(self, *told: Any) -> AuthResult:  # noqa: ANN401  As the server has it.
        login = told[-1]
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
def office() -> PostOffice:
    return PostOffice()


@pytest.fixture
def port(office: PostOffice) -> Iterator[int]:
    """Give the port of a mail server."""
    with port_of_our_own() as port:
        controller = Controller(
            office,
            hostname="127.0.0.1",
            port=port,
            ready_timeout=PATIENCE_SECONDS,
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=office.authenticate,
        )
        controller.start()
        yield port
        controller.stop()


NewMailer = Callable[..., SmtpMailer]


@pytest.fixture
def mailer(port: int) -> SmtpMailer:
    return a_mailer(f"smtp://127.0.0.1:{port}")


def a_mailer(url: str | None, *, requires_tls: bool = False) -> SmtpMailer:
    return SmtpMailer(url, sender=SENDER, requires_tls=requires_tls, timeout_seconds=2)


def letter(topic: EventType = EventType.ORDER_PAID, name: str = "Ada") -> Email:
    bought = order(ADA, "1", line("TEA", 2, name="Tea <b>&</b> biscuits"))
    refund = {"amount": {"amount": 5, "currency": "EUR"}, "to": "card"}
    facts = {**order_payload(bought, payment(bought)), "refund": refund}
    return Email(
        id=an_id("dispatch 1"),
        recipient_name=name,
        recipient_email="ada@example.com",
        event_type=topic,
        payload=facts,
        created_at=NOW,
    )


async def _missed(mailer: SmtpMailer, letter: Email) -> tuple[str, int | None, bool]:
    with pytest.raises(NotificationFailed) as missed:
        await mailer.send(letter)
    assert "p@ss" not in str(missed.value)
    return missed.value.reason, missed.value.status_code, missed.value.is_permanent


async def test_a_letter_arrives_in_text_and_in_html(mailer: SmtpMailer, office: PostOffice) -> None:
    assert await mailer.send(letter()) == 250

    message = office.message()
    assert office.posted[0].rcpt_tos == ["ada@example.com"]
    assert {name: message[name] for name in ("From", "To", "Subject", "Message-ID", "Date")} == {
        "From": SENDER,
        "To": "Ada <ada@example.com>",
        "Subject": "Your order ORDER-1",
        "Message-ID": f"<{an_id('dispatch 1')}@shop.example>",
        "Date": "Sat, 21 Nov 2026 12:00:00 +0000",
    }
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert "2 x Tea <b>&</b> biscuits: 10.00 EUR" in text.get_content()
    assert "<td>Tea &lt;b&gt;&amp;&lt;/b&gt; biscuits</td>" in html.get_content()
    assert "Total: 10.00 EUR" in text.get_content()


async def test_to_wait_for_a_connection_is_not_to_wait_for_an_answer(
    mailer: SmtpMailer, office: PostOffice
) -> None:
    office.delay_seconds = 0.8

    await asyncio.gather(*(mailer.send(letter()) for _ in range(MAX_CONNECTIONS * 3)))

    assert len(office.posted) == MAX_CONNECTIONS * 3


async def test_the_mailer_signs_in_as_the_url_says(port: int, office: PostOffice) -> None:
    await a_mailer(f"smtp://shop:p%40ss%20word@127.0.0.1:{port}").send(letter())
    assert office.signed_in == [b"p@ss word"]

    told = await _missed(a_mailer(f"smtp://shop:p%40ss@127.0.0.1:{port}"), letter())
    assert told == ("SMTPAuthenticationError: 535", 535, False)
    assert len(office.posted) == 1


@pytest.mark.parametrize(("code", "for_good"), [(550, True), (450, False)])
async def test_a_mailbox_that_is_refused_is_refused_for_good_or_for_now(
    mailer: SmtpMailer, office: PostOffice, code: int, *, for_good: bool
) -> None:
    office.mailbox = f"{code} ada@example.com is not here"
    told = await _missed(mailer, letter())
    assert told == (f"the mailbox was refused with {code}", code, for_good)


async def test_a_server_that_takes_no_letter_now_is_asked_again(
    mailer: SmtpMailer, office: PostOffice
) -> None:
    office.said = "451 too busy"
    assert await _missed(mailer, letter()) == ("SMTPDataError: 451", 451, False)
    office.said = "250 OK"
    await mailer.send(letter())
    assert len(office.posted) == 1


async def test_where_nobody_listens_nothing_is_posted() -> None:
    with port_of_our_own() as port:
        reason, code, for_good = await _missed(a_mailer(f"smtp://127.0.0.1:{port}"), letter())
    assert (reason.partition(":")[0], code, for_good) == ("SMTPConnectError", None, False)


async def test_a_shop_without_a_mail_server_posts_nothing() -> None:
    assert await _missed(a_mailer(None), letter()) == ("SHOP_SMTP_URL is not set", None, False)


async def test_where_tls_is_required_nothing_goes_out_without(
    port: int, office: PostOffice
) -> None:
    url = f"smtp://shop:p%40ss%20word@127.0.0.1:{port}"
    reason, _, for_good = await _missed(a_mailer(url, requires_tls=True), letter())
    assert ("STARTTLS" in reason, for_good) == (True, False)
    assert (office.signed_in, office.posted) == ([], [])


@pytest.mark.parametrize("topic", sorted(EMAILED))
def test_every_letter_has_its_words(topic: EventType) -> None:
    message = EmailTemplates(SENDER).render(letter(topic))
    assert "ORDER-1" in message["Subject"]
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        assert "Hello Ada," in part.get_content()
        assert "{" not in part.get_content()


@pytest.mark.parametrize("breaks", ["\r\nBcc: eve@example.com", "\n", "\r"])
def test_no_name_adds_a_line_to_the_headers(breaks: str) -> None:
    with pytest.raises(ValueError, match="CR or LF"):
        EmailTemplates(SENDER).render(letter(name=f"Ada{breaks}"))


def test_a_name_stays_a_name() -> None:
    message = EmailTemplates(SENDER).render(letter(name='Eve <eve@example.com>, "Ada" Ç'))
    (recipient,) = message["To"].addresses
    assert recipient.addr_spec == "ada@example.com"
