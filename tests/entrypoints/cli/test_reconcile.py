"""`shop reconcile`, which compares the shop's payments with the gateway's records."""

import asyncio
import json

import pytest
from dependency_injector import providers

from shop.adapters.memory.payment_gateway import MemoryPaymentGateway
from shop.application.ports.payment_gateway import AuthorisationRequest, GatewayOutcomeUnknown
from shop.entrypoints.cli import bootstrap
from shop.entrypoints.container import Container
from tests.clock import FakeClock
from tests.entrypoints.cli.command_line import CommandLine
from tests.factories import NOW, eur, id_of

SPAN = ("--since", "2026-11-21", "--until", "2026-11-22")
SINCE_THEN = ("--gateway-days", "36500")


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> MemoryPaymentGateway:
    """Return the gateway that all commands use from now on."""
    gateway, assemble = MemoryPaymentGateway(FakeClock(NOW)), bootstrap.build_container

    def assembled(database: str | None, *, schema: str | None = None) -> Container:
        container = assemble(database, schema=schema)
        container.payment_gateway.override(providers.Object(gateway))
        return container

    monkeypatch.setattr(bootstrap, "build_container", assembled)
    return gateway


@pytest.fixture
def prepared(migrated: CommandLine, gateway: MemoryPaymentGateway) -> CommandLine:
    del gateway
    return migrated


@pytest.fixture
def stray(gateway: MemoryPaymentGateway) -> str:
    """Have the gateway hold money for an order that there is not; give its line."""
    request = AuthorisationRequest(
        key="stray", reference=id_of("stray"), amount=eur(5), token="tok_visa"
    )
    asyncio.run(gateway.authorise(request))
    return (
        f"unknown-to-shop: reference={id_of('stray')} payment_id=pay_1 there=authorised"
        " amount_there=5 refunded_there=0"
    )


def test_consistent_payments_exit_with_0(prepared: CommandLine) -> None:
    assert prepared.output_of("reconcile") == "Differences: 0, repaired: 0.\n"
    assert json.loads(prepared.output_of("reconcile", "--json")) == {
        "agree": True,
        "differences": [],
    }


@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)])
def test_discrepancy_for_an_operator_exits_with_1_and_advice(
    prepared: CommandLine, stray: str, dry_run: tuple[str, ...]
) -> None:
    done = prepared.run("reconcile", *SPAN, *dry_run)

    assert (done.returncode, done.stderr) == (1, "shop: 1 of 1 difference needs manual action\n")
    difference, summary = done.stdout.splitlines()
    assert difference.startswith(f"{stray}: no matching order")
    assert summary == "Differences: 1, repaired: 0."


def test_discrepancy_is_printed_as_json(prepared: CommandLine, stray: str) -> None:
    done = prepared.run("reconcile", *SPAN, "--json")

    document = json.loads(done.stdout)
    (difference,) = document["differences"]
    assert document["agree"] is False
    assert (difference["kind"], difference["job"], difference["repaired"]) == (
        "unknown-to-shop",
        None,
        False,
    )
    assert f"payment_id={difference['facts']['payment_id']}" in stray
    assert difference["advice"].startswith("no matching order")


@pytest.mark.usefixtures("stray")
def test_payment_outside_the_time_range_is_not_compared(prepared: CommandLine) -> None:
    assert prepared.run("reconcile", "--until", "2026-11-21T12:00:00Z").returncode == 0
    assert prepared.run("reconcile", "--since", "2026-11-21T12:01").returncode == 0
    assert prepared.run("reconcile", "--since", "2026-11-21T13:01+01:00").returncode == 0
    assert prepared.run("reconcile", "--since", "2026-11-21T13:00+01:00").returncode == 1


def test_time_range_that_ends_before_it_begins_is_a_usage_error(prepared: CommandLine) -> None:
    ended = prepared.complete("reconcile", "--since", "2026-11-22", "--until", "2026-11-21")

    assert (ended.code, ended.error_line) == (2, "shop: since: must be before `until`.")


def test_audit_reports_payments_without_an_order(prepared: CommandLine, stray: str) -> None:
    done = prepared.run("audit", *SINCE_THEN)

    assert (done.returncode, done.stderr) == (1, "shop: violated invariants: 9\n")
    assert f"9 {stray}" in done.stdout.splitlines()
    document = json.loads(prepared.run("audit", *SINCE_THEN, "--json").stdout)
    assert [each["number"] for each in document["findings"] if not each["holds"]] == [9]


def test_silent_gateway_is_reported_and_the_rest_is_checked(
    prepared: CommandLine, gateway: MemoryPaymentGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> None:
        raise GatewayOutcomeUnknown("connection refused")

    monkeypatch.setattr(gateway, "list_payments", silent)

    audited = prepared.run("audit", "--json")
    table = prepared.run("audit")
    reconciled = prepared.complete("reconcile")

    obstacle = "the gateway's records cannot be read: connection refused"
    assert audited.returncode == 1
    assert audited.stderr == f"shop: invariant 9 could not be checked: {obstacle}\n"
    document = json.loads(audited.stdout)
    assert document["holds"] is False
    failed = {each["number"]: each for each in document["findings"] if not each["holds"]}
    assert failed.keys() == {9}
    assert (failed[9]["obstacle"], failed[9]["violations"]) == (obstacle, [])
    assert sum(line.rstrip().endswith(" unknown") for line in table.stdout.splitlines()) == 1
    assert sum(line.rstrip().endswith(" holds") for line in table.stdout.splitlines()) == 13
    assert (reconciled.code, reconciled.error_line) == (
        1,
        "shop: the payment gateway cannot be reached: connection refused",
    )
