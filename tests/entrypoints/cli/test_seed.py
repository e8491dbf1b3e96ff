"""Something to try: demonstration products and customers, and rules of prices."""

import json
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from shop.domain.shared.money import Currency
from shop.entrypoints.cli.imports.demo_data import demo_customers, demo_products
from tests.entrypoints.cli.command_line import CommandLine, InProcessCommandLine

EUR = Currency("EUR")
CATEGORIES = ("reduced", "standard")
PRODUCTION = {
    "SHOP_ENVIRONMENT": "production",
    "SHOP_SESSION_SECRETS": '["a secret for tests alone, of enough characters"]',
    "SHOP_PAYMENT_GATEWAY": "simulated",
}
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


def rules_of(shop: CommandLine) -> Sequence[tuple[Any, ...]]:
    return shop.rows("SELECT kind, slug, document FROM pricing_rules ORDER BY kind, slug")


class TestDemoRules:
    def test_are_added_once_and_to_the_products(self, shop: CommandLine) -> None:
        first, *others = shop.output_of("seed", "--rules", "demo").splitlines()
        assert first.endswith(": 6 added, 0 changed, 0 unchanged.")
        assert others == [
            "Products: 50 added, 0 already existed.",
            "Shipping and promotions: 5 added, 0 already existed.",
        ]
        before = rules_of(shop)
        slugs = [slug for _, slug, _ in before]
        assert slugs == [
            "tea-3-for-2",
            "welcome",
            "parcel",
            "pick-up",
            "nearby",
            *(f"eu-{country}-{each}" for country in ("at", "de", "fr") for each in CATEGORIES),
        ]

        first, *others = shop.output_of("seed", "--rules", "demo").splitlines()
        assert first.endswith(": 0 added, 0 changed, 6 unchanged.")
        assert others[1] == "Shipping and promotions: 0 added, 5 already existed."
        assert rules_of(shop) == before
        assert shop.output_of("seed", "--tax", "eu").endswith(" 0 changed, 6 unchanged.\n")

    def test_are_not_added_without_being_requested(self, shop: CommandLine) -> None:
        shop.output_of("seed")
        assert rules_of(shop) == []
        assert shop.rows("SELECT version FROM rule_versions") == [(0,)]

    def test_need_the_categories_of_the_products(self, shop: CommandLine) -> None:
        failed = shop.run("seed", "--rules", "demo", "--products", "0")
        assert failed.returncode == 1
        assert "not all demo rules were added" in failed.stderr
        assert "the demonstration products of `shop seed`" in failed.stderr

    def test_need_the_country_of_the_seller_in_production(self, tmp_path: Path) -> None:
        shop = InProcessCommandLine(folder=tmp_path, settings=PRODUCTION)
        failed = shop.run("seed", "--rules", "demo")
        assert failed.returncode == 1
        assert "SHOP_COUNTRY" in failed.stderr
        assert rules_of(shop) == []
        assert shop.rows("SELECT count(*) FROM products") == [(0,)]


class TestDemonstrationProducts:
    def test_have_variants_none_of_which_is_cheaper_than_the_product(self) -> None:
        several = [each for each in demo_products(50, EUR) if len(each.variants) > 1]
        assert len(several) == 10
        for product in several:
            first, *others = product.variants
            assert first.sku == product.handle
            assert all(each.fields["price"] >= first.fields["price"] for each in others)

    def test_are_in_five_categories(self) -> None:
        named = [each.fields["category_paths"] for each in demo_products(50, EUR)]
        names = {name for paths in named for (name,) in paths}
        assert names == {"Coffee", "Desk", "Kitchen", "Pantry", "Tea"}
