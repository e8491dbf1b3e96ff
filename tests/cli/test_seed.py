"""Something to try: demonstration products and customers."""

import json
import re
from itertools import islice

import pytest

from shop.domain.money import Currency
from shop.entrypoints.cli.demonstration import demonstration_customers, demonstration_products
from tests.cli.program import Program

EUR = Currency("EUR")
PASSWORD = re.compile(r"all with the password (?P<password>\S+);")


def test_an_empty_shop_gets_fifty_products_with_stock(shop: Program) -> None:
    assert shop.printed("seed") == "Products: 50 added, 0 changed, 0 as they were.\n"

    ((count, without_stock),) = shop.rows("SELECT count(*), sum(on_hand = 0) FROM inventories")
    assert (count, without_stock) == (50, 0)
    assert shop.rows("SELECT DISTINCT currency, active FROM products") == [("EUR", 1)]


def test_seeding_twice_is_as_good_as_once(shop: Program) -> None:
    shop.printed("seed", "--customers", "2")
    everything = "SELECT * FROM products JOIN movements USING (sku) ORDER BY sku"
    before = shop.rows(everything)

    told = shop.printed("seed", "--customers", "3").splitlines()

    assert told[0] == "Products: 0 added, 0 changed, 50 as they were."
    assert told[1].startswith("Customers: 1 added, ")
    assert told[1].endswith("; 2 as they were.")
    assert shop.rows(everything) == before
    assert shop.printed("seed", "--products", "0", "--customers", "3") == (
        "Customers: 0 added, 3 as they were.\n"
    )


def test_more_products_than_one_batch_are_generated(shop: Program) -> None:
    told = shop.printed("seed", "--products", "2100")

    assert told == "Products: 2100 added, 0 changed, 0 as they were.\n"
    assert shop.rows("SELECT count(*) FROM products") == [(2100,)]
    assert shop.rows("SELECT count(*) > 0 FROM sqlite_stat1 WHERE tbl = 'products'") == [(1,)]
    assert shop.run("audit").returncode == 0


def test_customers_can_sign_in_with_the_password_that_is_told_once(shop: Program) -> None:
    told = shop.printed("seed", "--products", "0", "--customers", "2")

    found = PASSWORD.search(told)
    assert found is not None
    assert len(found["password"]) >= 16
    hashes = {password_hash for (password_hash,) in shop.rows("SELECT password_hash FROM users")}
    assert len(hashes) == 1
    assert hashes.pop().startswith("$argon2id$")
    assert shop.rows("SELECT email FROM users ORDER BY email") == [
        ("customer-000001@example.com",),
        ("customer-000002@example.com",),
    ]
    assert shop.rows("SELECT amount, kind FROM transfers") == [(100_000, "welcome")] * 2
    assert json.loads(shop.printed("audit", "--json"))["holds"] is True


@pytest.mark.parametrize("count", [0, 1, 50, 51, 3000])
def test_there_are_as_many_different_products_as_asked_for(count: int) -> None:
    products = list(demonstration_products(count, EUR))

    assert len({each.sku for each in products}) == len(products) == count
    assert products == list(demonstration_products(count, EUR))


def test_a_million_products_are_made_one_after_the_other() -> None:
    first = list(islice(demonstration_products(1_000_000, EUR), 60))

    assert first == list(demonstration_products(60, EUR))


def test_customers_have_addresses_of_their_own() -> None:
    emails = {each.email for each in demonstration_customers(2000)}

    assert len(emails) == 2000
