"""Demonstration products and customers: the same ones for the same number, every time."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

from shop.application.intake import NewCustomer, StockedProduct
from shop.domain.money import Currency, Money
from shop.entrypoints.cli.product_file import read_products

FILE = Path(__file__).with_name("demonstration.csv")

_FINISHES = "Ash Birch Blue Brass Cherry Copper Green Grey Linen Oak Slate Walnut White".split()
_KINDS = {
    "Bookend": 1900,
    "Bowl": 2400,
    "Bread bin": 4900,
    "Candlestick": 2900,
    "Carafe": 3400,
    "Coat hook": 900,
    "Cushion": 2700,
    "Letter tray": 2200,
    "Picture frame": 1800,
    "Plant pot": 1600,
    "Salad servers": 1500,
    "Stool": 7900,
    "Tray": 2600,
    "Vase": 3100,
}
"""Each kind of generated product, and about what it costs."""

_FIRST_NAMES = (
    "Ada Amal Bruno Chidi Clara Emil Farah Hana Ines Jonas Lena Mateo Nia Omar Yuki".split()
)
_LAST_NAMES = (
    "Abebe Berg Costa Dahl Eriksen Fischer Haddad Ito Kaya Moreau Novak Okafor Silva".split()
)


def demonstration_products(count: int, currency: Currency) -> Iterator[StockedProduct]:
    """Return so many products: first those described by hand, then generated ones."""
    by_hand = list(islice(read_products(FILE, currency), count))
    for row in by_hand:
        if not isinstance(row.content, StockedProduct):
            raise row.content[0]
        yield row.content
    for number in range(len(by_hand) + 1, count + 1):
        yield _generated(number, currency)


def _generated(number: int, currency: Currency) -> StockedProduct:
    chance = Random(number)
    kind = chance.choice(list(_KINDS))
    finish = chance.choice(_FINISHES)
    return StockedProduct(
        sku=f"ITEM-{number:07}",
        name=f"{kind}, {finish.lower()}, no. {number}",
        description=f"{kind} in {finish.lower()}, one of a numbered series: this is no. {number}.",
        price=Money(amount=_KINDS[kind] + 100 * chance.randrange(20) + 90, currency=currency),
        active=True,
        image_url=None,
        on_hand=chance.randrange(20, 500),
    )


def demonstration_customers(count: int) -> Iterator[NewCustomer]:
    """Return so many customers, with numbered addresses at a domain that receives no mail."""
    for number in range(1, count + 1):
        chance = Random(number)
        yield NewCustomer(
            name=f"{chance.choice(_FIRST_NAMES)} {chance.choice(_LAST_NAMES)}",
            # RFC 2606, section 3, keeps this domain for examples.
            email=f"customer-{number:06}@example.com",
        )
