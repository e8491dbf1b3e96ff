"""To whom letters about orders go, and the link in those of guests."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.application.ports.mailer import Email
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.webhook_sender import NotificationFailed
from shop.domain.address import Address
from shop.domain.orders.order_details import OrderDetails
from tests.application.memory_shop import MemoryShop, place_order, set_preferences
from tests.application.notifications.notifying_shop import ALL_EVENTS, NotifyingShop
from tests.clock import FakeClock
from tests.doubles import SequentialIds

pytestmark = pytest.mark.anyio

HOME = Address(
    name="Mira Noor", line1="Invalidenstraße 1", country="DE", postal_code="10115", city="Berlin"
)
URL = "https://shop.example.com/api/v1"


@pytest.fixture
async def letters(clock: FakeClock) -> NotifyingShop:
    """Return a shop with guests and tea, which sends letters and webhooks."""
    shop = MemoryShop(
        clock, MemoryDatabase(), SequentialIds(), guest_checkout=True, public_url=URL, country="DE"
    )
    await shop.add_products(await shop.admin(), TEA=5)
    return NotifyingShop(shop, ALL_EVENTS, emails_customers=True)


async def _visitor(shop: MemoryShop) -> SessionToken:
    token = (await set_preferences(shop, None, {"theme": "dark"})).new_token
    assert token is not None
    return token


async def _letter(
    letters: NotifyingShop, token: SessionToken, details: OrderDetails, key: str = "key-0001"
) -> Email:
    """Order a tea by card; return the letter about it."""
    command = place_order(token, ("TEA", 1), key=key, card="tok_visa")
    await letters.shop.check_out(replace(command, details=details))
    before = len(letters.mailer.emails)
    await letters.send_due()
    (letter,) = letters.mailer.emails[before:]
    return letter


async def test_letter_to_a_guest_goes_to_the_address_of_the_order_with_a_link(
    letters: NotifyingShop,
) -> None:
    visitor = await _visitor(letters.shop)
    letter = await _letter(letters, visitor, OrderDetails(email="Mira@Example.com"))
    assert (letter.recipient_name, letter.recipient_email) == ("mira@example.com",) * 2
    (order_id,) = letters.shop.state.orders.rows
    link = re.fullmatch(rf"{URL}/orders/{order_id}\?token=([\w-]{{54}})", letter.order_link or "")
    assert link is not None
    links = letters.shop.container.order_links()
    assert links.open(order_id, link[1]).order_id == order_id

    named = OrderDetails(email="noor@example.com", billing_address=HOME)
    second = await _letter(letters, visitor, named, "key-0002")
    assert (second.recipient_name, second.recipient_email) == ("Mira Noor", "noor@example.com")
    assert second.order_link != letter.order_link


async def test_link_is_valid_from_when_it_is_sent_and_stored_nowhere(
    letters: NotifyingShop,
) -> None:
    visitor = await _visitor(letters.shop)
    letters.mailer.script(NotificationFailed("busy", status_code=421, is_permanent=False))
    command = place_order(visitor, ("TEA", 1), card="tok_visa")
    await letters.shop.check_out(replace(command, details=OrderDetails(email="a@example.com")))
    await letters.send_due()
    letters.shop.clock.advance(timedelta(days=100))
    await letters.send_due()
    (letter,) = letters.mailer.emails
    token = (letter.order_link or "").rpartition("=")[2]
    (order_id,) = letters.shop.state.orders.rows
    assert letters.shop.container.order_links().open(order_id, token).order_id == order_id
    assert "token=" not in str([each.payload for each in letters.deliveries])
    assert token not in str(letters.shop.state)
    assert token not in repr(letter)


async def test_letter_to_a_user_goes_to_the_address_of_the_order_if_it_has_one(
    letters: NotifyingShop,
) -> None:
    ada = await letters.shop.customer("ada")
    own = await _letter(letters, ada, OrderDetails())
    other = await _letter(letters, ada, OrderDetails(email="work@example.com"), "key-0002")
    assert [each.recipient_email for each in (own, other)] == [
        "ada@example.com",
        "work@example.com",
    ]
    assert [each.recipient_name for each in (own, other)] == ["Ada", "Ada"]
    assert [each.order_link for each in (own, other)] == [None, None]


async def test_letters_of_a_customer_to_another_address_are_limited(clock: FakeClock) -> None:
    shop = MemoryShop(
        clock, MemoryDatabase(), SequentialIds(), country="DE", letters_to_others_per_customer=2
    )
    await shop.add_products(await shop.admin(), TEA=9)
    letters = NotifyingShop(shop, ALL_EVENTS, emails_customers=True)
    ada, other = await shop.customer("ada"), OrderDetails(email="stranger@example.com")

    for number in range(3):
        await _letter(letters, ada, other, f"key-000{number}")
    await _letter(letters, await shop.customer("bob"), other)
    clock.advance(timedelta(days=1))
    await _letter(letters, await shop.sign_in("ada"), other, "key-0009")

    assert [each.recipient_email.partition("@")[0] for each in letters.mailer.emails] == [
        "stranger",
        "stranger",
        "ada",
        "stranger",
        "stranger",
    ]
