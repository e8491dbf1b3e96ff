"""Generates demonstration products and customers, the same for the same number."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, islice
from pathlib import Path
from random import Random

from shop.application.catalogue.imports.rows import ImportedProduct, assemble
from shop.application.identity.customer_import import NewCustomer
from shop.application.maintenance.product_seed import new_product
from shop.application.ports.imports.import_spool import SpooledProduct, SpooledRow
from shop.application.ports.imports.product_file_reader import FileDescription, FileRow
from shop.domain.shared.money import Currency
from shop.entrypoints.imports.product_file import FormatsReader

FILE = Path(__file__).with_name("demo_data.csv")

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
"""Each kind of generated product, with its lowest price in minor units."""

_FIRST_NAMES = (
    "Ada Amal Bruno Chidi Clara Emil Farah Hana Ines Jonas Lena Mateo Nia Omar Yuki".split()
)
_LAST_NAMES = (
    "Abebe Berg Costa Dahl Eriksen Fischer Haddad Ito Kaya Moreau Novak Okafor Silva".split()
)


def demo_products(count: int, currency: Currency) -> Iterator[ImportedProduct]:
    """Return `count` products: first those of the file, then generated ones."""
    described = list(islice(_read_products(currency), count))
    yield from described
    for number in range(len(described) + 1, count + 1):
        yield _generate_product(number)


def _read_products(currency: Currency) -> Iterator[ImportedProduct]:
    """Read the file, in which the rows of a product follow one another."""
    description, *rows = FormatsReader().read(FILE, currency, skip=0, folder=FILE.parent)
    if not isinstance(description, FileDescription):
        raise TypeError(f"{FILE} has an invalid header")
    for handle, group in groupby(map(_valid_row, rows), key=lambda row: row.group):
        rows_of_product = [
            SpooledRow(line=row.line, product=row.product, variant=row.variant, is_valid=True)
            for row in group
        ]
        number = rows_of_product[-1].line
        spooled = SpooledProduct(
            number=number, handle=handle, rows=rows_of_product, rows_until=number
        )
        product = assemble(spooled, description).product
        if product is None:
            raise ValueError(f"{FILE} has an invalid product: {handle}")
        yield _with_category_names(product)


def _valid_row(row: object) -> FileRow:
    if not isinstance(row, FileRow) or row.faults:
        raise ValueError(f"{FILE} has an invalid row: {row}")
    return row


def _with_category_names(product: ImportedProduct) -> ImportedProduct:
    """Give a product the categories of these names, which are made if the shop has none."""
    fields = dict(product.fields)
    names = fields.pop("categories", None) or ()
    return replace(product, fields={**fields, "category_paths": [[name] for name in names]})


def _generate_product(number: int) -> ImportedProduct:
    random = Random(number)
    kind = random.choice(list(_KINDS))
    finish = random.choice(_FINISHES)
    return new_product(
        f"ITEM-{number:07}",
        name=f"{kind}, {finish.lower()}, no. {number}",
        description=f"{kind} in {finish.lower()}, one of a numbered series: this is no. {number}.",
        price=_KINDS[kind] + 100 * random.randrange(20) + 90,
        stock=random.randrange(20, 500),
    )


def demo_customers(count: int) -> Iterator[NewCustomer]:
    """Return `count` customers, with numbered addresses at a domain without e-mail."""
    for number in range(1, count + 1):
        random = Random(number)
        yield NewCustomer(
            name=f"{random.choice(_FIRST_NAMES)} {random.choice(_LAST_NAMES)}",
            # RFC 2606, section 3, reserves this domain for examples.
            email=f"customer-{number:06}@example.com",
        )
