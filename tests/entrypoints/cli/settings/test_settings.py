"""Invalid settings are reported with their variable and rule, and never with their value."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from pydantic import Secret

from shop.domain.notification import EventType
from shop.entrypoints.cli.bootstrap import read_settings
from shop.entrypoints.cli.errors import InvalidSetting
from shop.entrypoints.configuration.payment_gateway import PaymentGatewayKind
from shop.entrypoints.configuration.policies import Policies


def _endpoint(**changes: object) -> str:
    """Return a list of one endpoint."""
    secret = "whsec_c2hvcCdzIG93biBzZWNyZXQgb2YgdGhlIHRlc3RzLi4="
    return json.dumps([{"url": "https://example.com/", "secret": secret, **changes}])


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the settings of the developer who runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in ("SHOP_ENVIRONMENT", "SHOP_DATABASE_URL", "SHOP_SESSION_SECRETS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("SHOP_ENVIRONMENT", "hunter2", "must be 'development' or 'production'"),
        ("SHOP_DATABASE_URL", "mysql://root:hunter2@h/shop", "asyncpg://, or be memory://"),
        ("SHOP_DATABASE_URL", "hunter2", "must be a URL such as sqlite"),
        ("SHOP_DATABASE_URL", "sqlite+aiosqlite:///:memory:", "must name a file, or be memory://"),
        ("SHOP_DATABASE_URL", "memory://hunter2", "or be memory://"),
        ("SHOP_SESSION_SECRETS", "hunter2", "must be a JSON list of secrets, such as"),
        ("SHOP_SESSION_SECRETS", '"hunter2"', "must be a JSON list of secrets, such as"),
        ("SHOP_SESSION_SECRETS", "[]", "must be a JSON list of secrets, such as"),
        ("SHOP_SESSION_SECRETS", "", "must be a JSON list of secrets, such as"),
        ("SHOP_SESSION_SECRETS", '["hunter2"]', "secret 1: is too short or too regular"),
        ("SHOP_SESSION_SECRETS", '{"hunter2": 1}', "must be a JSON list of secrets, such as"),
        ("SHOP_MEDIA_FOLDER", "", "must be a folder, such as /var/lib/shop/media"),
        ("SHOP_MEDIA_FOLDER", "/dev/null", "must be a folder, such as /var/lib/shop/media"),
        ("SHOP_CURRENCY", "EURO", "must be an active ISO 4217 code"),
        ("SHOP_WELCOME_CREDIT", "-1", "must be at least 0"),
        ("SHOP_PAYMENT_GATEWAY", "hunter2", "must be 'simulated' or 'stripe'"),
        ("SHOP_SIMULATED_GATEWAY_URL", "hunter2", "must be a URL such as http:"),
        ("SHOP_SIMULATED_GATEWAY_URL", "ftp://hunter2", "must be a URL such as http:"),
        ("SHOP_SIMULATED_GATEWAY_URL", "http://:8100/hunter2", "must be a URL such as http:"),
        ("SHOP_SIMULATED_GATEWAY_URL", "http://hunter2:0", "must be a URL such as http:"),
        ("SHOP_SIMULATED_GATEWAY_URL", "http://hunter2:x", "must be a URL such as http:"),
        ("SHOP_SIMULATED_GATEWAY_URL", "http://h/?hunter2", "must be a URL such as http:"),
        ("SHOP_SIMULATED_GATEWAY_URL", "", "must be a URL such as http:"),
        ("SHOP_GATEWAY_TIMEOUT_SECONDS", "0", "must be more than 0"),
        ("SHOP_GATEWAY_TIMEOUT_SECONDS", "61", "must be at most 60"),
        ("SHOP_GATEWAY_IDEMPOTENCY_SECONDS", "0", "must be more than 0"),
        ("SHOP_STRIPE_SECRET_KEY", "pk_test_hunter2", "must begin with sk_"),
        ("SHOP_STRIPE_SECRET_KEY", "sk_test_hunter2\n", "must begin with sk_"),
        ("SHOP_STRIPE_SECRET_KEY", "", "must begin with sk_"),
        ("SHOP_STRIPE_WEBHOOK_SECRETS", "whsec_hunter2", "must be a JSON list of secrets, such as"),
        ("SHOP_STRIPE_WEBHOOK_SECRETS", "[]", "must be a JSON list of secrets, such as"),
        ("SHOP_STRIPE_WEBHOOK_SECRETS", '["hunter2"]', "must begin with whsec_"),
        ("SHOP_STRIPE_API_BASE", "hunter2", "must be a URL without a path, such as https://api"),
        (
            "SHOP_STRIPE_API_BASE",
            "http://hunter2",
            "must be a URL without a path, such as https://api",
        ),
        (
            "SHOP_STRIPE_API_BASE",
            "https://h/v1/hunter2",
            "must be a URL without a path, such as https://api",
        ),
        ("SHOP_HOSTS", "shop.example", "must be a JSON list of host names, such as"),
        ("SHOP_HOSTS", "[]", "must be a JSON list of host names, such as"),
        ("SHOP_HOSTS", '["https://hunter2/"]', "host 1: must be a host name with or without"),
        ("SHOP_HOSTS", '["hunter2:99999"]', "host 1: must be a host name with or without"),
        ("SHOP_METRICS_PORT", "0", "must be at least 1"),
        ("SHOP_METRICS_PORT", "65536", "must be at most 65535"),
        ("SHOP_AUDIT_SECONDS", "-1", "must be at least 0"),
        ("SHOP_TRUSTED_PROXIES", "10.0.0.1", "must be a JSON list of addresses and networks"),
        ("SHOP_TRUSTED_PROXIES", '["hunter2"]', "must be an address or a network, such as"),
        ("SHOP_TRUSTED_PROXIES", '["10.0.0.1/8"]', "must be an address or a network, such as"),
        ("SHOP_CONNECTIONS_PER_ADDRESS", "0", "must be at least 1"),
        ("SHOP_REQUEST_HEAD_TIMEOUT_SECONDS", "0", "must be more than 0"),
        ("SHOP_REQUEST_HEAD_TIMEOUT_SECONDS", "hunter2", "must be a number"),
        ("SHOP_REQUEST_BODY_TIMEOUT_SECONDS", "3601", "must be at most 3600"),
        ("SHOP_REQUEST_BODY_BYTES_PER_SECOND", "-1", "must be at least 0"),
        ("SHOP_WEBHOOK_ENDPOINTS", "hunter2", "must be a JSON list, such as"),
        (
            "SHOP_WEBHOOK_ENDPOINTS",
            _endpoint(secret="hunter2"),
            "endpoint 1, secret: must be whsec_ and",
        ),
        ("SHOP_WEBHOOK_ENDPOINTS", _endpoint(secret="whsec_aHVudGVyMg=="), "24 to 64 bytes"),
        ("SHOP_WEBHOOK_ENDPOINTS", _endpoint(url="ftp://hunter2/"), "such as https://example.com/"),
        (
            "SHOP_WEBHOOK_ENDPOINTS",
            _endpoint(url="https:///hunter2"),
            "such as https://example.com",
        ),
        ("SHOP_WEBHOOK_ENDPOINTS", _endpoint(url="https://h:99999/hunter2"), "must be a URL"),
        ("SHOP_WEBHOOK_ENDPOINTS", _endpoint(url="https://h/hunter2\nX: y"), "must be a URL"),
        (
            "SHOP_WEBHOOK_ENDPOINTS",
            _endpoint(url="https://root:hunter2@h/"),
            "not contain a user, a password",
        ),
        ("SHOP_WEBHOOK_ENDPOINTS", _endpoint(url="http://hunter2.com/"), "must begin with https"),
        ("SHOP_WEBHOOK_ENDPOINTS", _endpoint(url="http://169.254.169.254/"), "this machine only"),
        (
            "SHOP_WEBHOOK_ENDPOINTS",
            _endpoint(events=["hunter2"]),
            "endpoint 1, events, event 1: must be 'order.placed'",
        ),
        (
            "SHOP_WEBHOOK_ENDPOINTS",
            _endpoint(events=[]),
            "endpoint 1, events: must have at least 1 item",
        ),
        (
            "SHOP_WEBHOOK_ENDPOINTS",
            _endpoint(hunter2=1),
            "endpoint 1: must not have fields other than url, secret, events",
        ),
        ("SHOP_WEBHOOK_ENDPOINTS", '["hunter2"]', "endpoint 1: must be a JSON object"),
        ("SHOP_WEBHOOK_ENDPOINTS", '[{"url": 1}]', "endpoint 1, secret: is required"),
        (
            "SHOP_WEBHOOK_ENDPOINTS",
            f"[{_endpoint()[1:-1]}, {_endpoint(secret='hunter2')[1:-1]}]",
            "SHOP_WEBHOOK_ENDPOINTS: endpoint 2, secret: must be whsec_ and 24 to 64 bytes",
        ),
        ("SHOP_WEBHOOK_ENDPOINTS", f"[{_endpoint()[1:-1]}, {_endpoint()[1:-1]}]", "url only once"),
        ("SHOP_LOW_STOCK_THRESHOLD", "-1", "must be at least 0"),
        ("SHOP_SMTP_URL", "https://root:hunter2@h/", "must be a URL such as smtp://user"),
        ("SHOP_SMTP_URL", "smtp://root:hunter2@h:port", "must be a URL such as smtp://user"),
        ("SHOP_EMAIL_FROM", "hunter2", "must be an address: orders@example.com"),
        (
            "SHOP_EMAIL_FROM",
            "a@b.example\nBcc: hunter2@b.example",
            "must be an address: orders@example.com or",
        ),
        ("SHOP_RUN_JOBS_IN_SERVER", "hunter2", "must be true or false"),
        ("SHOP_WELCOME_CREDIT", "hunter2", "must be a whole number"),
        ("SHOP_JOB_LEASE_SECONDS", "hunter2", "must be a number"),
        ("SHOP_DATABASE_POOLER", "hunter2", "must be 'none' or 'transaction'"),
        ("SHOP_DATABASE_POOLER", "transaction", "only PostgreSQL has poolers"),
        ("SHOP_DATABASE_SCHEMA", "hunter2;", "must be 1 to 63 lower-case letters, digits or '_'"),
        ("SHOP_LOG_LEVEL", "hunter2", "'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_invalid_setting_is_reported_with_its_rule(
    name: str, value: str, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(InvalidSetting) as raised:
        read_settings(None)

    problem = str(raised.value)
    assert problem.startswith(f"{name}: ")
    assert rule in problem
    assert "hunter2" not in problem
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_all_invalid_settings_are_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_LOG_LEVEL", "loud")
    monkeypatch.setenv("SHOP_UUID_VERSION", "5")

    with pytest.raises(InvalidSetting, match=r"SHOP_UUID_VERSION.*; SHOP_LOG_LEVEL"):
        read_settings(None)


def test_short_absolute_lifetime_needs_no_idle_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SESSION_ABSOLUTE_SECONDS", "3600")

    assert read_settings(None).session_absolute_seconds == 3600


def test_list_of_secrets_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ("the newer secret, which seals from now on", "the older secret, which still opens")
    monkeypatch.setenv("SHOP_SESSION_SECRETS", json.dumps(secrets))

    assert read_settings(None).session_secrets == tuple(map(Secret, secrets))


def test_payments_use_the_simulated_gateway_in_process_by_default() -> None:
    settings = read_settings(None)

    assert (settings.payment_gateway, settings.gateway_adapter) == ("simulated", "in_process")
    assert settings.gateway_file == Path("shop.db.gateway")
    assert (settings.gateway_timeout_seconds, settings.gateway_idempotency_seconds) == (10, 86_400)


def test_payments_of_a_remote_database_are_stored_in_the_current_folder() -> None:
    settings = read_settings("postgresql+asyncpg://shop@localhost/shop")

    assert settings.gateway_file == Path("shop.gateway")


def test_shop_in_memory_uses_no_file() -> None:
    settings = read_settings("memory://")

    assert (settings.database_adapter, settings.gateway_adapter) == ("memory", "memory")
    assert settings.database_file is None


def test_payments_use_the_gateway_at_the_configured_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SIMULATED_GATEWAY_URL", "http://127.0.0.1:8100/")

    settings = read_settings(None)

    assert settings.simulated_gateway_url == "http://127.0.0.1:8100"
    assert settings.gateway_adapter == "http"
    assert read_settings("memory://").gateway_adapter == "http"


def test_payments_use_stripe_when_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PAYMENT_GATEWAY", "stripe")
    monkeypatch.setenv("SHOP_SIMULATED_GATEWAY_URL", "http://127.0.0.1:8100")
    monkeypatch.setenv("SHOP_STRIPE_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("SHOP_STRIPE_WEBHOOK_SECRETS", json.dumps(WEBHOOK_SECRETS))

    assert read_settings(None).gateway_adapter == "stripe"


SECRET_KEY = "sk_test_of_no_shop"
MEMORY_IN_PRODUCTION = (
    "SHOP_DATABASE_URL=memory:// loses every order when the server stops;"
    " use a SQLite or PostgreSQL database in production"
)
NO_STRIPE_KEY = (
    "SHOP_PAYMENT_GATEWAY=stripe needs SHOP_STRIPE_SECRET_KEY (in Stripe's dashboard: API keys)"
)
NO_WEBHOOK_SECRETS = (
    "SHOP_PAYMENT_GATEWAY=stripe needs SHOP_STRIPE_WEBHOOK_SECRETS"
    " (in Stripe's dashboard: Webhooks)"
)
WEBHOOK_SECRETS = ("whsec_the_newer_of_two", "whsec_the_older_of_two")


@pytest.mark.parametrize(
    ("settings", "rules"),
    [
        ({}, [NO_STRIPE_KEY, NO_WEBHOOK_SECRETS]),
        ({"SHOP_STRIPE_SECRET_KEY": SECRET_KEY}, [NO_WEBHOOK_SECRETS]),
        ({"SHOP_STRIPE_WEBHOOK_SECRETS": json.dumps(WEBHOOK_SECRETS)}, [NO_STRIPE_KEY]),
        (
            {"SHOP_STRIPE_SECRET_KEY": "pk_live_1"},
            [
                "SHOP_STRIPE_SECRET_KEY: must begin with sk_, or with rk_ if it is restricted",
                NO_WEBHOOK_SECRETS,
            ],
        ),
    ],
)
def test_stripe_requires_its_key_and_webhook_secrets(
    settings: Mapping[str, str], rules: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"SHOP_PAYMENT_GATEWAY": "stripe", **settings}.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(InvalidSetting) as raised:
        read_settings(None)

    assert str(raised.value) == "; ".join(rules)


def test_stripe_secrets_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PAYMENT_GATEWAY", "stripe")
    monkeypatch.setenv("SHOP_STRIPE_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("SHOP_STRIPE_WEBHOOK_SECRETS", json.dumps(WEBHOOK_SECRETS))
    monkeypatch.setenv("SHOP_STRIPE_API_BASE", "http://127.0.0.1:8420")

    settings = read_settings(None)

    assert settings.payment_gateway is PaymentGatewayKind.STRIPE
    assert settings.stripe_secret_key == Secret(SECRET_KEY)
    assert settings.stripe_webhook_secrets == tuple(map(Secret, WEBHOOK_SECRETS))
    assert settings.stripe_api_base == "http://127.0.0.1:8420"


def test_secrets_are_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "SHOP_DATABASE_URL": "postgresql+asyncpg://shop:hunter2@localhost/shop",
        "SHOP_SESSION_SECRETS": '["hunter2, the newer secret, which seals from now on"]',
        "SHOP_STRIPE_SECRET_KEY": "sk_test_hunter2",
        "SHOP_STRIPE_WEBHOOK_SECRETS": '["whsec_hunter2"]',
        "SHOP_WEBHOOK_ENDPOINTS": _endpoint(secret=f"whsec_{_base64('hunter2' * 6)}"),
        "SHOP_SMTP_URL": "smtp://shop:hunter2@localhost",
        "SHOP_EMAIL_FROM": "orders@example.com",
    }.items():
        monkeypatch.setenv(name, value)

    settings = read_settings(None)

    for printed in (str(settings), repr(settings), repr(Policies(settings).notification)):
        assert "hunter2" not in printed
        assert _base64("hunter2" * 3) not in printed


def test_endpoint_receives_all_events_unless_it_lists_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed = [
        *json.loads(_endpoint(url="http://127.0.0.1:8080/hook")),
        *json.loads(_endpoint(events=["order.paid", "stock.low"])),
    ]
    monkeypatch.setenv("SHOP_WEBHOOK_ENDPOINTS", json.dumps(listed))

    everything, some = Policies(read_settings(None)).notification.endpoints

    assert (everything.url, everything.event_types) == (
        "http://127.0.0.1:8080/hook",
        frozenset(EventType),
    )
    assert some.event_types == {EventType.ORDER_PAID, EventType.STOCK_LOW}
    assert everything.secret not in repr(Policies(read_settings(None)).notification)
    assert everything.secret not in repr(read_settings(None))


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"SHOP_DATABASE_URL": "memory://"}, MEMORY_IN_PRODUCTION),
        (
            {"SHOP_WEBHOOK_ENDPOINTS": _endpoint(url="http://127.0.0.1/")},
            "SHOP_WEBHOOK_ENDPOINTS must use https in production",
        ),
        (
            {"SHOP_SESSION_IDLE_SECONDS": "3600.5", "SHOP_SESSION_ABSOLUTE_SECONDS": "3600"},
            (
                "SHOP_SESSION_IDLE_SECONDS (3600.5) must not be more than"
                " SHOP_SESSION_ABSOLUTE_SECONDS (3600)"
            ),
        ),
        (
            {"SHOP_SMTP_URL": "smtp://h"},
            "SHOP_SMTP_URL and SHOP_EMAIL_FROM must be set together",
        ),
    ],
)
def test_conflicting_settings_are_rejected(
    settings: dict[str, str], rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_ENVIRONMENT", "production")
    monkeypatch.setenv("SHOP_PAYMENT_GATEWAY", "simulated")
    monkeypatch.setenv("SHOP_SESSION_SECRETS", '["the newer secret, which seals from now on"]')
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(InvalidSetting) as raised:
        read_settings(None)

    assert str(raised.value) == rule


def test_database_option_overrides_the_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOP_DATABASE_URL", "sqlite+aiosqlite:///set.db")

    assert read_settings(None).database_url == "sqlite+aiosqlite:///set.db"
    assert read_settings("sqlite+aiosqlite:///named.db").database_url.endswith("named.db")
