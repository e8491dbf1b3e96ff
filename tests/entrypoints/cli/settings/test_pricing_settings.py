"""Settings of prices: where the seller is, and how taxes are part of prices."""

from pathlib import Path

import pytest

from shop.adapters.postal.postal_rules import LibraryPostalRules
from shop.domain.pricing.places import Destination
from shop.domain.pricing.rules import TaxRounding
from shop.entrypoints.cli.bootstrap import read_settings
from shop.entrypoints.cli.errors import InvalidSetting
from shop.entrypoints.configuration.countries import COUNTRIES
from shop.entrypoints.configuration.policies import Policies
from shop.entrypoints.configuration.settings import Settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the settings of the developer who runs the tests."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("SHOP_COUNTRY", "Germany", "must be a country of ISO 3166, such as DE"),
        ("SHOP_COUNTRY", "de", "must be a country of ISO 3166, such as DE"),
        ("SHOP_COUNTRY", "XX", "must be a country of ISO 3166, such as DE"),
        ("SHOP_PRICES_INCLUDE_TAX", "perhaps", "must be true or false"),
        ("SHOP_TAX_ROUNDING", "up", "must be 'document' or 'line'"),
    ],
)
def test_invalid_values_are_reported_with_their_rule(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, rule: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSetting) as caught:
        read_settings(None)
    assert f"{name}: {rule}" in str(caught.value)


def test_defaults_are_gross_prices_rounded_once_in_germany_for_development() -> None:
    policy = Policies(Settings()).pricing
    assert (policy.prices_include_tax, policy.tax_rounding) == (True, TaxRounding.DOCUMENT)
    assert policy.home == Destination(country="DE")


def test_chosen_values_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_COUNTRY", "AT")
    monkeypatch.setenv("SHOP_PRICES_INCLUDE_TAX", "false")
    monkeypatch.setenv("SHOP_TAX_ROUNDING", "line")
    policy = Policies(read_settings(None)).pricing
    assert (policy.prices_include_tax, policy.tax_rounding) == (False, TaxRounding.LINE)
    assert policy.home == Destination(country="AT")


def test_every_country_has_postal_rules() -> None:
    rules = LibraryPostalRules()
    assert {each for each in COUNTRIES if not rules.is_country(each)} == set()
