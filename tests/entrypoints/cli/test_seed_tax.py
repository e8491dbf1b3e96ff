"""The VAT rates of the European Union, loaded by command."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from shop.domain.pricing.places import Destination
from shop.domain.pricing.taxes.tax_rate import TaxRate
from shop.domain.pricing.taxes.tax_table import TaxTable
from shop.domain.pricing.taxes.vat_territory import MEMBERS
from shop.entrypoints.cli.imports.eu_tax_rates import eu_tax_rates
from tests.entrypoints.cli.command_line import CommandLine

SUMMARY = re.compile(
    r"Tax rates of \d{4}-\d\d-\d\d: (\d+) added, (\d+) changed, (\d+) unchanged\.\n"
)


def counts(output: str) -> tuple[str, ...]:
    found = SUMMARY.fullmatch(output)
    assert found is not None, output
    return found.groups()


def stored(shop: CommandLine) -> Mapping[str, Mapping[str, Any]]:
    rows = shop.rows("SELECT slug, document FROM pricing_rules WHERE kind = 'tax_rate'")
    return {slug: json.loads(document) for slug, document in rows}


def rates_of(country: str) -> list[tuple[str, int]]:
    return [(each.category, each.rate) for each in of_whole_members() if country in _of(each)]


def of_whole_members() -> list[TaxRate]:
    return [each for each in eu_tax_rates().rates if not each.area.postal_codes]


def _of(rate: TaxRate) -> frozenset[str]:
    return rate.area.countries


def test_rates_are_loaded_once_and_nothing_else(shop: CommandLine) -> None:
    number = str(len(eu_tax_rates().rates))
    assert counts(shop.output_of("seed", "--tax", "eu")) == (number, "0", "0")
    before = stored(shop)
    assert len(before) == int(number)
    assert before["eu-de-standard"]["rate"] == 19_000
    assert before["eu-de-standard"]["name"] == "VAT 19 % (MwSt)"
    assert shop.rows("SELECT count(*) FROM products") == [(0,)]
    assert shop.rows("SELECT version FROM rule_versions") == [(1,)]

    assert counts(shop.output_of("seed", "--tax", "eu")) == ("0", "0", number)
    assert stored(shop) == before
    assert shop.rows("SELECT version FROM rule_versions") == [(1,)]


def test_a_rate_that_has_changed_since_ends_with_the_publication(shop: CommandLine) -> None:
    shop.output_of("seed", "--tax", "eu")
    shop.rows(
        "UPDATE pricing_rules SET document = json_set(document, '$.rate', 16000)"
        " WHERE slug = 'eu-de-standard'"
    )
    assert counts(shop.output_of("seed", "--tax", "eu"))[:2] == ("0", "1")
    day = f"{eu_tax_rates().at:%Y-%m-%d}"
    documents = stored(shop)
    assert documents["eu-de-standard"]["valid_until"].startswith(day)
    assert documents[f"eu-de-standard-{day}"]["rate"] == 19_000


def test_a_rate_of_the_operator_in_the_way_is_named(shop: CommandLine) -> None:
    shop.output_of("seed", "--tax", "eu")
    shop.rows("UPDATE pricing_rules SET slug = 'mine' WHERE slug = 'eu-de-standard'")
    shop.rows(
        "UPDATE pricing_rules SET document = json_set(document, '$.slug', 'mine')"
        " WHERE slug = 'mine'"
    )
    shop.rows("DELETE FROM pricing_rules WHERE slug = 'eu-fr-standard'")
    before = stored(shop)
    failed = shop.run("seed", "--tax", "eu")
    assert failed.returncode == 1
    assert "nothing was loaded" in failed.stderr
    assert "mine (eu-de-standard)" in failed.stderr
    assert stored(shop) == before


def test_demonstration_data_can_be_asked_for_beside_them(shop: CommandLine) -> None:
    lines = shop.output_of("seed", "--tax", "eu", "--products", "2").splitlines()
    assert lines[1] == "Products: 2 added, 0 already existed."


def test_other_rates_are_unknown(shop: CommandLine) -> None:
    assert shop.run("seed", "--tax", "us").returncode == 2


class TestPublishedRates:
    def test_every_member_has_a_standard_rate(self) -> None:
        standard = [each for each in of_whole_members() if each.category == "standard"]
        assert {country for each in standard for country in each.area.countries} == MEMBERS
        assert all(15_000 <= each.rate <= 27_000 for each in standard)

    def test_slugs_are_unique_and_rates_fall_from_category_to_category(self) -> None:
        rates = eu_tax_rates().rates
        assert len({each.slug for each in rates}) == len(rates)
        assert all(re.fullmatch("eu-[a-z-]+(-[2-9])?", each.slug) for each in rates)
        order = ["standard", "reduced", "reduced-2", "super-reduced"]
        by_country: dict[str, list[TaxRate]] = {}
        for each in of_whole_members():
            by_country.setdefault(each.slug[:5], []).append(each)
        for country, found in by_country.items():
            assert [each.category for each in found] == sorted(
                (each.category for each in found), key=order.index
            ), country
            numbers = [each.rate for each in found]
            assert numbers == sorted(set(numbers), reverse=True), country

    @pytest.mark.parametrize(
        ("country", "rates"),
        [
            ("DE", [("standard", 19_000), ("reduced", 7_000)]),
            (
                "FR",
                [
                    ("standard", 20_000),
                    ("reduced", 10_000),
                    ("reduced-2", 5_500),
                    ("super-reduced", 2_100),
                ],
            ),
            ("DK", [("standard", 25_000)]),
            ("PT", [("standard", 23_000), ("reduced", 13_000), ("reduced-2", 6_000)]),
        ],
    )
    def test_rates_of_parts_are_none_of_the_member(
        self, country: str, rates: list[tuple[str, int]]
    ) -> None:
        assert rates_of(country) == rates

    @pytest.mark.parametrize(
        ("place", "category", "rate"),
        [
            (Destination(country="GB", postal_code="BT1 1AA"), "standard", 20_000),
            (Destination(country="GB", postal_code="BT1 1AA"), "reduced", 5_000),
            (Destination(country="GB", postal_code="SW1A 1AA"), "standard", None),
            (Destination(country="PT", postal_code="9000-001"), "standard", 22_000),
            (Destination(country="PT", postal_code="9500-001"), "standard", 16_000),
            (Destination(country="PT", postal_code="9500-001"), "reduced", 13_000),
            (Destination(country="PT", postal_code="1000-001"), "standard", 23_000),
            (Destination(country="AT", postal_code="6691"), "standard", 19_000),
            (Destination(country="AT", postal_code="6992"), "standard", 19_000),
            (Destination(country="AT", postal_code="6700"), "standard", 20_000),
        ],
    )
    def test_parts_with_other_rates_have_theirs(
        self, place: Destination, category: str, rate: int | None
    ) -> None:
        table = TaxTable.of(eu_tax_rates().rates)

        found = table.find(category, place, eu_tax_rates().at)

        assert (None if found is None else found.rate) == rate
