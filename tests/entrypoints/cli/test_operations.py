"""What an operator looks after: the audit, sessions, users, and the description of the API."""

import json

import pytest

from tests.entrypoints.cli.command_line import CommandLine


def test_consistent_shop_passes_the_audit(shop: CommandLine) -> None:
    shop.output_of("seed", "--customers", "2")

    table = shop.output_of("audit")
    document = json.loads(shop.output_of("audit", "--json"))

    numbers = [each["number"] for each in document["findings"]]
    assert numbers == [*range(1, 11), *range(16, 20)]
    assert sum(line.rstrip().endswith(" holds") for line in table.splitlines()) == len(numbers)
    assert document["holds"] is True
    assert {finding["holds"] for finding in document["findings"]} == {True}


def test_inconsistent_shop_fails_the_audit_with_the_offending_rows(shop: CommandLine) -> None:
    shop.output_of("seed", "--products", "0", "--customers", "1")
    shop.rows("UPDATE accounts SET balance = balance + 1 WHERE kind = 'customer'")
    ((account_id,),) = shop.rows("SELECT id FROM accounts WHERE kind = 'customer'")

    done = shop.run("audit")
    as_json = shop.run("audit", "--json")

    assert done.returncode == as_json.returncode == 1
    assert done.stderr == as_json.stderr == "shop: violated invariants: 1, 2\n"
    rows = done.stdout.splitlines()
    assert any(row.startswith("2 ") and account_id in row.replace("-", "") for row in rows)
    document = json.loads(as_json.stdout)
    broken = {
        each["number"]: each["violations"] for each in document["findings"] if not each["holds"]
    }
    assert document["holds"] is False
    assert sorted(broken) == [1, 2]
    (violation,) = broken[2]
    assert 100_001 in violation["facts"].values()


def test_expired_sessions_and_old_rejections_are_purged(shop: CommandLine) -> None:
    shop.output_of("seed", "--products", "0", "--customers", "1")
    shop.rows(
        "INSERT INTO sessions (id, token_hash, roles, preferences, cart, created_at, last_seen_at,"
        " version) VALUES ('old', 'x', '', '{}', '{}', '2020-01-01', '2020-01-01', 0),"
        " ('new', 'y', '', '{}', '{}', '2999-01-01', '2999-01-01', 0)"
    )
    shop.rows(
        "INSERT INTO idempotency_keys (user_id, key, fingerprint, rejection, created_at)"
        " SELECT id, 'old', '', '{}', '2020-01-01' FROM users"
        " UNION SELECT id, 'new', '', '{}', '2999-01-01' FROM users"
    )

    assert shop.output_of("sessions", "sweep") == (
        "Deleted: 1 session, 1 idempotency key, 0 guests.\n"
    )

    assert shop.rows("SELECT id FROM sessions") == [("new",)]
    assert shop.rows("SELECT key FROM idempotency_keys") == [("new",)]


def test_disabled_endpoint_is_enabled_and_its_webhooks_are_sent_again(shop: CommandLine) -> None:
    shop.output_of("seed", "--products", "0")
    shop.rows(
        "INSERT INTO webhook_endpoints (url, failures, disabled_at) VALUES"
        " ('https://example.com', 0, '2026-11-20 08:00:00.000000')"
    )
    shop.rows(
        "INSERT INTO notification_deliveries (id, event_type, channel, recipient, payload,"
        " status, attempts, created_at) VALUES"
        " ('00000000000000000000000000000001', 'order.paid', 'webhook', 'https://example.com',"
        " '{}', 'failed', 1, '2026-11-20 08:00:00.000000')"
    )

    listed = shop.output_of("notifications", "endpoints")
    assert listed == "https://example.com: disabled since 2026-11-20 08:00:00 UTC\n"
    enabled = shop.output_of("notifications", "enable", "https://example.com")
    remedy = "`shop notifications retry` sends failed webhooks again."
    assert enabled == f"Enabled: https://example.com. {remedy}\n"
    assert shop.output_of("notifications", "retry") == "Due again: 1 webhook.\n"

    assert shop.output_of("notifications", "endpoints") == "No endpoint fails.\n"
    assert shop.rows("SELECT status FROM notification_deliveries") == [("pending",)]
    assert shop.rows("SELECT kind FROM jobs") == [("send_webhook",)]
    again = shop.complete("notifications", "enable", "https://example.com")
    assert again.code == 1
    assert again.error_line == (
        "shop: no disabled or paused endpoint has the URL https://example.com;"
        " `shop notifications endpoints` lists them"
    )


def test_old_notifications_are_purged_and_pending_ones_kept(shop: CommandLine) -> None:
    shop.output_of("seed", "--products", "0")
    shop.rows(
        "INSERT INTO notification_deliveries (id, event_type, channel, recipient, payload,"
        " status, attempts, created_at) VALUES"
        " ('00000000000000000000000000000001', 'order.paid', 'webhook', '', '{}', 'failed', 50,"
        " '2020-01-01 00:00:00.000000'),"
        " ('00000000000000000000000000000002', 'order.paid', 'webhook', '', '{}', 'pending', 0,"
        " '2020-01-01 00:00:00.000000')"
    )

    assert shop.output_of("notifications", "purge") == "Deleted: 1 notification.\n"

    assert shop.rows("SELECT id FROM notification_deliveries") == [
        ("00000000000000000000000000000002",)
    ]


def test_role_is_granted(shop: CommandLine) -> None:
    shop.output_of("seed", "--products", "0", "--customers", "1")

    output = shop.output_of("users", "promote", "Customer-000001@Example.com", "--role", "admin")

    assert output == "customer-000001@example.com has the roles: admin, customer.\n"
    assert shop.rows("SELECT roles FROM users") == [("admin customer",)]


def test_role_is_revoked(shop: CommandLine) -> None:
    shop.output_of("seed", "--products", "0", "--customers", "1")
    shop.output_of("users", "promote", "customer-000001@example.com", "--role", "admin")

    output = shop.output_of("users", "demote", "customer-000001@example.com", "--role", "admin")
    again = shop.output_of("users", "demote", "Customer-000001@Example.com", "--role", "admin")
    of_all = shop.output_of("users", "demote", "customer-000001@example.com", "--role", "customer")

    assert output == again == "customer-000001@example.com has the roles: customer.\n"
    assert of_all == "customer-000001@example.com has the roles: none.\n"
    assert shop.rows("SELECT roles FROM users") == [("",)]
    assert shop.complete("users", "demote", "unknown@example.com", "--role", "admin").code == 1
    given_back = shop.output_of(
        "users", "promote", "customer-000001@example.com", "--role", "admin"
    )
    assert given_back == "customer-000001@example.com has the roles: admin.\n"


def test_user_is_disabled_and_enabled(shop: CommandLine) -> None:
    shop.output_of("seed", "--products", "0", "--customers", "1")

    disabled = shop.output_of("users", "disable", "Customer-000001@Example.com")
    assert disabled == "customer-000001@example.com is disabled and signed out.\n"
    assert shop.rows("SELECT enabled FROM users") == [(0,)]

    enabled = shop.output_of("users", "enable", "customer-000001@example.com")
    assert enabled == "customer-000001@example.com is enabled.\n"
    assert shop.rows("SELECT enabled FROM users") == [(1,)]
    for command in ("users disable", "users enable", "sessions end"):
        unknown = shop.complete(*command.split(), "unknown@example.com")
        assert (unknown.code, unknown.error_line) == (1, "shop: There is no such user.")


def test_sessions_of_a_user_are_ended(shop: CommandLine) -> None:
    shop.output_of("seed", "--products", "0", "--customers", "1")

    output = shop.output_of("sessions", "end", "customer-000001@example.com")

    assert output == "Sessions of customer-000001@example.com ended: 0.\n"


def test_unknown_email_address_is_granted_no_role(migrated: CommandLine) -> None:
    unknown = migrated.complete("users", "promote", "unknown@example.com", "--role", "admin")
    no_address = migrated.complete("users", "promote", "no-address", "--role", "admin")

    assert unknown.code == 1
    assert unknown.error_line == (
        "shop: no user has the e-mail address unknown@example.com;"
        " check it, or sign up with it first"
    )
    assert no_address.code == 2
    assert no_address.error_line == (
        "shop: Invalid value for EMAIL: must be an e-mail address such as name@example.com,"
        " not 'no-address' (see --help)"
    )


def test_openapi_document_is_printed_without_a_database(shop: CommandLine) -> None:
    document = json.loads(shop.output_of("openapi"))

    assert document["openapi"].startswith("3.")
    assert "/api/v1/orders" in document["paths"]
    assert list(shop.folder.iterdir()) == []


@pytest.mark.parametrize("store", ["database", "cookie"])
def test_only_a_server_creates_the_secret_of_the_sessions(shop: CommandLine, store: str) -> None:
    with_store = shop.with_settings(SHOP_SESSION_STORE=store)
    secret_file = shop.folder / "shop.db.secret"

    with_store.output_of("migrate")
    for command in (
        "seed --customers 1",
        "audit",
        "reconcile --dry-run",
        "jobs list",
        "worker --once",
        "users promote customer-000001@example.com --role admin",
        "sessions sweep",
        "notifications purge",
    ):
        with_store.output_of(*command.split())
        assert not secret_file.exists()

    with with_store.serving():
        assert secret_file.exists()
