"""Something to try: demonstration products and customers."""

import json
import re
from itertools import islice

import pytest

from shop.domain.shared.money import Currency
from shop.entrypoints.cli.imports.demo_data import demo_customers, demo_products
from tests.cli.program import Program

EUR = Currency("EUR")
PASSWORD = re.compile(r"with the password (?P<password>\S+)$")


def test_an_empty_shop_gets_fifty_products_with_stock(shop: Program) -> None:
    assert shop.printed("seed") == "Products: 50 added, 0 were there already.\n"

    ((count, without_stock),) = shop.rows("SELECT count(*), sum(on_hand = 0) FROM inventories")
    assert (count, without_stock) == (50, 0)
    assert shop.rows("SELECT DISTINCT currency, active FROM products") == [("EUR", 1)]


def test_seeding_twice_is_as_good_as_once(shop: Program) -> None:
    shop.printed("seed", "--customers", "2")
    everything = "SELECT * FROM products JOIN movements USING (sku) ORDER BY sku"
    before = shop.rows(everything)

    told = shop.printed("seed", "--customers", "3").splitlines()

    assert told[0] == "Products: 0 added, 50 were there already."
    assert told[1] == "Customers: 1 added, 2 were there already."
    assert told[2].startswith("Sign in as customer-000003@example.com with the password ")
    assert shop.rows(everything) == before
    assert shop.printed("seed", "--products", "0", "--customers", "3") == (
        "Customers: 0 added, 3 were there already.\n"
    )


def test_seeding_leaves_alone_what_the_operator_has_changed(shop: Program) -> None:
    shop.printed("seed", "--products", "2")
    shop.rows("UPDATE products SET price = 1, name = 'Mine', active = 0")
    shop.rows("UPDATE inventories SET on_hand = 1")

    assert shop.printed("seed", "--products", "3") == "Products: 1 added, 2 were there already.\n"

    everything = "SELECT price, name, active, on_hand FROM products JOIN inventories USING (sku)"
    *before, added = shop.rows(f"{everything} ORDER BY created_at")
    assert before == [(1, "Mine", 0, 1)] * 2
    assert added[2] == 1


def test_more_products_than_one_batch_are_generated(shop: Program) -> None:
    told = shop.printed("seed", "--products", "2100")

    assert told == "Products: 2100 added, 0 were there already.\n"
    assert shop.rows("SELECT count(*) FROM products") == [(2100,)]
    assert shop.rows("SELECT count(*) > 0 FROM sqlite_stat1 WHERE tbl = 'products'") == [(1,)]
    assert shop.run("audit").returncode == 0


def test_customers_can_sign_in_with_the_password_that_is_told_once(shop: Program) -> None:
    told = shop.printed("seed", "--products", "0", "--customers", "2")

    found = PASSWORD.search(told)
    assert found is not None
    assert "Sign in as customer-000001@example.com to customer-000002@example.com with" in told
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
    products = list(demo_products(count, EUR))

    assert len({each.sku for each in products}) == len(products) == count
    assert products == list(demo_products(count, EUR))


def test_a_million_products_are_made_one_after_the_other() -> None:
    first = list(islice(demo_products(1_000_000, EUR), 60))

    assert first == list(demo_products(60, EUR))


def test_customers_have_addresses_of_their_own() -> None:
    emails = {each.email for each in demo_customers(2000)}

    assert len(emails) == 2000
