"""Something to try: demonstration products and customers."""

import json
import re
from itertools import islice

import pytest

from shop.domain.shared.money import Currency
from shop.entrypoints.cli.imports.demo_data import demo_customers, demo_products
from tests.entrypoints.cli.command_line import CommandLine

EUR = Currency("EUR")
PASSWORD = re.compile(r"with the password (?P<password>\S+)$")


def test_empty_shop_is_seeded_with_fifty_stocked_products(shop: CommandLine) -> None:
    assert shop.output_of("seed") == "Products: 50 added, 0 already existed.\n"

    ((count, without_stock),) = shop.rows("SELECT count(*), sum(on_hand = 0) FROM inventories")
    assert (count, without_stock) == (65, 0)
    assert shop.rows("SELECT count(*), count(DISTINCT product_handle) FROM variants") == [(65, 50)]
    assert shop.rows("SELECT DISTINCT currency, active FROM products") == [("EUR", 1)]


def test_seeding_twice_changes_nothing(shop: CommandLine) -> None:
    shop.output_of("seed", "--customers", "2")
    everything = "SELECT * FROM products JOIN stock_movements USING (sku) ORDER BY sku"
    before = shop.rows(everything)

    output = shop.output_of("seed", "--customers", "3").splitlines()

    assert output[0] == "Products: 0 added, 50 already existed."
    assert output[1] == "Customers: 1 added, 2 already existed."
    assert output[2].startswith("Sign in as customer-000003@example.com with the password ")
    assert shop.rows(everything) == before
    assert shop.output_of("seed", "--products", "0", "--customers", "3") == (
        "Customers: 0 added, 3 already existed.\n"
    )


def test_seeding_keeps_what_the_operator_has_changed(shop: CommandLine) -> None:
    shop.output_of("seed", "--products", "2")
    shop.rows("UPDATE products SET price = 1, name = 'Mine', active = 0")
    shop.rows("UPDATE inventories SET on_hand = 1")

    assert shop.output_of("seed", "--products", "3") == "Products: 1 added, 2 already existed.\n"

    everything = "SELECT price, name, active, on_hand FROM products JOIN inventories USING (sku)"
    *before, added = shop.rows(f"{everything} ORDER BY created_at")
    assert before == [(1, "Mine", 0, 1)] * 2
    assert added[2] == 1


def test_more_products_than_one_batch_can_be_generated(shop: CommandLine) -> None:
    output = shop.output_of("seed", "--products", "2100")

    assert output == "Products: 2100 added, 0 already existed.\n"
    assert shop.rows("SELECT count(*) FROM products") == [(2100,)]
    assert shop.rows("SELECT count(*) > 0 FROM sqlite_stat1 WHERE tbl = 'products'") == [(1,)]
    assert shop.run("audit").returncode == 0


def test_demo_customers_can_sign_in_with_the_password_printed_once(shop: CommandLine) -> None:
    output = shop.output_of("seed", "--products", "0", "--customers", "2")

    found = PASSWORD.search(output)
    assert found is not None
    assert "Sign in as customer-000001@example.com to customer-000002@example.com with" in output
    assert len(found["password"]) >= 16
    hashes = {password_hash for (password_hash,) in shop.rows("SELECT password_hash FROM users")}
    assert len(hashes) == 1
    assert hashes.pop().startswith("$argon2id$")
    assert shop.rows("SELECT email FROM users ORDER BY email") == [
        ("customer-000001@example.com",),
        ("customer-000002@example.com",),
    ]
    assert shop.rows("SELECT amount, kind FROM transfers") == [(100_000, "welcome")] * 2
    assert json.loads(shop.output_of("audit", "--json"))["holds"] is True


@pytest.mark.parametrize("count", [0, 1, 50, 51, 3000])
def test_requested_number_of_distinct_products_is_generated(count: int) -> None:
    products = list(demo_products(count, EUR))

    assert len({each.handle for each in products}) == len(products) == count
    assert products == list(demo_products(count, EUR))


def test_million_products_are_generated_lazily() -> None:
    first = list(islice(demo_products(1_000_000, EUR), 60))

    assert first == list(demo_products(60, EUR))


def test_demo_customers_have_distinct_email_addresses() -> None:
    emails = {each.email for each in demo_customers(2000)}

    assert len(emails) == 2000
