"""Settings of guests, and of the links in their letters."""

from datetime import timedelta
from pathlib import Path

import pytest

from shop.application.notifications.order_links import OrderLinkPolicy
from shop.entrypoints.cli.bootstrap import read_settings
from shop.entrypoints.cli.errors import InvalidSetting
from shop.entrypoints.configuration.policies import Policies
from shop.entrypoints.configuration.settings import Settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the settings of the developer who runs the tests."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("SHOP_GUEST_CHECKOUT", "perhaps", "must be true or false"),
        ("SHOP_ORDER_LINK_SECONDS", "59", "must be at least 60"),
        ("SHOP_PUBLIC_URL", "shop.example", "must be a URL such as https://shop.example.com/api"),
        ("SHOP_PUBLIC_URL", "https://shop.example/?a=b", "must be a URL such as"),
        ("SHOP_PUBLIC_URL", "https://ada@shop.example", "must not contain a user or a password"),
        ("SHOP_PUBLIC_URL", "http://shop.example", "must begin with https://"),
    ],
)
def test_invalid_values_are_reported_with_their_rule(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, rule: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSetting) as caught:
        read_settings(None)
    assert f"{name}: {rule}" in str(caught.value)


def test_by_default_visitors_sign_in_and_letters_have_no_links() -> None:
    policies = Policies(Settings())
    assert policies.payment.allows_guests is False
    lifetime = timedelta(days=90)
    assert policies.order_links == OrderLinkPolicy(lifetime=lifetime, public_url=None)


def test_chosen_values_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_GUEST_CHECKOUT", "true")
    monkeypatch.setenv("SHOP_ORDER_LINK_SECONDS", "3600")
    monkeypatch.setenv("SHOP_PUBLIC_URL", "http://127.0.0.1:8000/api/v1/")
    policies = Policies(read_settings(None))
    assert policies.payment.allows_guests is True
    assert policies.order_links == OrderLinkPolicy(
        lifetime=timedelta(hours=1), public_url="http://127.0.0.1:8000/api/v1"
    )
