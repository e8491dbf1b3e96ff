"""The books beside the gateway's, as an operator compares them."""

import asyncio
import json

import pytest
from dependency_injector import providers

from shop.adapters.memory.payment_gateway import MemoryPaymentGateway
from shop.application.ports.payment_gateway import AuthorisationRequest, GatewayOutcomeUnknown
from shop.entrypoints.cli import bootstrap
from shop.entrypoints.container import Container
from tests.cli.program import Program
from tests.clock import ScriptedClock
from tests.factories import NOW, an_id, eur

SPAN = ("--since", "2026-11-21", "--until", "2026-11-22")
SINCE_THEN = ("--gateway-days", "36500")


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> MemoryPaymentGateway:
    """Give the gateway that every command asks from now on."""
    made, assemble = MemoryPaymentGateway(ScriptedClock(NOW)), bootstrap.build_container

    def assembled(database: str | None) -> Container:
        container = assemble(database)
        container.payment_gateway.override(providers.Object(made))
        return container

    monkeypatch.setattr(bootstrap, "build_container", assembled)
    return made


@pytest.fixture
def prepared(shop: Program, gateway: MemoryPaymentGateway) -> Program:
    del gateway
    assert shop.run("migrate").returncode == 0
    return shop


@pytest.fixture
def stray(gateway: MemoryPaymentGateway) -> str:
    """Have the gateway hold money for an order that there is not; give its line."""
    wish = AuthorisationRequest(
        key="stray", reference=an_id("stray"), amount=eur(5), token="tok_visa"
    )
    asyncio.run(gateway.authorise(wish))
    return (
        f"unknown-here: reference={an_id('stray')} payment_id=pay_1 here=None there=authorised"
        " amount_here=None amount_there=5 refunded_there=0"
    )


def test_books_that_agree_are_no_failure(prepared: Program) -> None:
    assert prepared.printed("reconcile") == "Differences: 0, repaired: 0.\n"
    assert json.loads(prepared.printed("reconcile", "--json")) == {"agree": True, "differences": []}


@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)])
def test_what_a_person_has_to_see_to_is_a_failure_with_advice(
    prepared: Program, stray: str, dry_run: tuple[str, ...]
) -> None:
    done = prepared.run("reconcile", *SPAN, *dry_run)

    assert (done.returncode, done.stderr) == (1, "shop: 1 of 1 differences are left\n")
    told, summary = done.stdout.splitlines()
    assert told.startswith(f"{stray}: it is of no order of ours")
    assert summary == "Differences: 1, repaired: 0."


def test_a_difference_is_told_to_programs(prepared: Program, stray: str) -> None:
    done = prepared.run("reconcile", *SPAN, "--json")

    document = json.loads(done.stdout)
    (told,) = document["differences"]
    assert document["agree"] is False
    assert (told["kind"], told["job"], told["repaired"]) == ("unknown-here", None, False)
    assert f"payment_id={told['facts']['payment_id']}" in stray
    assert told["advice"].startswith("it is of no order of ours")


@pytest.mark.usefixtures("stray")
def test_what_was_outside_the_span_is_not_compared(prepared: Program) -> None:
    assert prepared.run("reconcile", "--until", "2026-11-21T12:00:00Z").returncode == 0
    assert prepared.run("reconcile", "--since", "2026-11-21T12:01").returncode == 0


def test_a_span_that_ends_before_it_begins_is_wrong_usage(prepared: Program) -> None:
    ended = prepared.end("reconcile", "--since", "2026-11-22", "--until", "2026-11-21")

    assert (ended.code, ended.line) == (2, "shop: since: a span begins before it ends.")


def test_the_audit_tells_what_the_gateway_holds_for_nobody(prepared: Program, stray: str) -> None:
    done = prepared.run("audit", *SINCE_THEN)

    assert (done.returncode, done.stderr) == (1, "shop: broken invariants: 9\n")
    assert f"9 {stray}" in done.stdout.splitlines()
    document = json.loads(prepared.run("audit", *SINCE_THEN, "--json").stdout)
    assert [each["number"] for each in document["findings"] if not each["holds"]] == [9]


def test_a_silent_gateway_is_told_and_all_else_is_checked(
    prepared: Program, gateway: MemoryPaymentGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> None:
        raise GatewayOutcomeUnknown("connection refused")

    monkeypatch.setattr(gateway, "list_payments", silent)

    audited = prepared.run("audit", "--json")
    table = prepared.run("audit")
    reconciled = prepared.end("reconcile")

    obstacle = "the gateway's books cannot be read: connection refused"
    assert audited.returncode == 1
    assert audited.stderr == f"shop: invariant 9 is not checked: {obstacle}\n"
    document = json.loads(audited.stdout)
    assert document["holds"] is False
    failed = {each["number"]: each for each in document["findings"] if not each["holds"]}
    assert failed.keys() == {9}
    assert (failed[9]["obstacle"], failed[9]["violations"]) == (obstacle, [])
    assert sum(line.rstrip().endswith(" unknown") for line in table.stdout.splitlines()) == 1
    assert sum(line.rstrip().endswith(" holds") for line in table.stdout.splitlines()) == 9
    assert (reconciled.code, reconciled.line) == (
        1,
        "shop: the payment gateway cannot be reached: connection refused",
    )
