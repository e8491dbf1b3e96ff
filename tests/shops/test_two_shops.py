"""Two shops in one database never see each other."""

from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from shop.adapters.sql.repositories.catalogue.categories import LOCK_CATEGORIES
from shop.adapters.sql.search.texts import LOCK_NUMBERS
from tests.shops.hosted_shop import (
    PASSWORD,
    HostedShop,
    Shops,
    ask,
    command_line,
    run_together,
)


@pytest.fixture
def email() -> str:
    return f"{uuid4().hex}@example.com"


@pytest.fixture
def in_kiln(shops: Shops, email: str) -> httpx2.Client:
    return shops.kiln.customer(email)


@pytest.fixture
def in_loom(shops: Shops, email: str) -> httpx2.Client:
    return shops.loom.customer(email)


def order(client: httpx2.Client, sku: str, key: str = "", **payment: str) -> httpx2.Response:
    body = {
        "lines": [{"sku": sku, "quantity": 1}],
        "payment": payment or {"method": "account"},
    }
    headers = {"Idempotency-Key": key or uuid4().hex}
    return client.post("/orders", json=body, headers=headers)


def sku_of(shop: HostedShop) -> str:
    sku: str = shop.ask("SELECT sku FROM inventories WHERE on_hand > 5 ORDER BY sku")[0][0]
    return sku


def on_hand(shop: HostedShop, sku: str) -> int:
    number: int = shop.ask("SELECT on_hand FROM inventories WHERE sku = $1", sku)[0][0]
    return number


class TestACustomer:
    def test_of_both_shops_has_one_email_address_and_two_accounts(
        self, shops: Shops, email: str, in_kiln: httpx2.Client, in_loom: httpx2.Client
    ) -> None:
        del in_kiln, in_loom
        query = "SELECT id FROM users WHERE email = $1"

        assert shops.kiln.ask(query, email) != shops.loom.ask(query, email)

    def test_of_one_shop_is_unknown_to_the_other(
        self, shops: Shops, email: str, in_kiln: httpx2.Client
    ) -> None:
        cookie = in_kiln.cookies["shop_session"]
        visitor = shops.loom.visitor()
        visitor.cookies.set("shop_session", cookie)

        assert in_kiln.get("/account").status_code == 200
        assert visitor.get("/account").status_code == 401
        credentials = {"email": email, "password": PASSWORD}
        assert shops.loom.visitor().post("/session", json=credentials).status_code == 401
        assert shops.kiln.visitor().post("/session", json=credentials).status_code == 200

    def test_who_is_disabled_in_one_shop_buys_in_the_other(
        self, shops: Shops, email: str, in_kiln: httpx2.Client, in_loom: httpx2.Client
    ) -> None:
        shops.kiln.commands.output_of("users", "disable", email)

        assert in_kiln.get("/account").status_code == 401
        assert order(in_loom, sku_of(shops.loom)).status_code == 201


def test_one_idempotency_key_places_one_order_in_each_shop(
    shops: Shops, in_kiln: httpx2.Client, in_loom: httpx2.Client
) -> None:
    key, sku = uuid4().hex, sku_of(shops.kiln)
    before = on_hand(shops.kiln, sku), on_hand(shops.loom, sku)

    first, again = order(in_kiln, sku, key), order(in_kiln, sku, key)
    elsewhere = order(in_loom, sku, key)

    assert [each.status_code for each in (first, again, elsewhere)] == [201, 201, 201]
    assert first.json()["id"] == again.json()["id"] != elsewhere.json()["id"]
    assert (on_hand(shops.kiln, sku), on_hand(shops.loom, sku)) == (before[0] - 1, before[1] - 1)


def test_an_order_changes_nothing_in_the_other_shop(shops: Shops, in_kiln: httpx2.Client) -> None:
    sku = sku_of(shops.kiln)
    tables = ("orders", "transfers", "stock_movements", "jobs", "sessions", "idempotency_keys")
    before = on_hand(shops.loom, sku), [shops.loom.count(each) for each in tables]

    placed = order(in_kiln, sku)

    assert placed.status_code == 201
    assert before == (on_hand(shops.loom, sku), [shops.loom.count(each) for each in tables])
    assert len(in_kiln.get("/orders").json()["items"]) == 1


def test_an_order_is_not_found_in_the_other_shop(
    shops: Shops, email: str, in_kiln: httpx2.Client, in_loom: httpx2.Client
) -> None:
    placed = order(in_kiln, sku_of(shops.kiln)).json()["id"]
    # An admin may read any order of the own shop.
    shops.loom.promote(email)

    assert in_kiln.get(f"/orders/{placed}").status_code == 200
    assert in_loom.get(f"/orders/{placed}").status_code == 404
    assert in_loom.get("/orders").json()["items"] == []


def test_jobs_and_webhooks_of_a_shop_are_done_by_its_workers_alone(
    shops: Shops, in_kiln: httpx2.Client
) -> None:
    shops.kiln.commands.output_of("worker", "--once")
    shops.loom.commands.output_of("worker", "--once")
    received = len(shops.kiln.receiver.received), len(shops.loom.receiver.received)
    placed = order(in_kiln, sku_of(shops.kiln), method="card", token="tok_visa")
    assert placed.status_code == 201

    assert shops.loom.commands.output_of("worker", "--once") == "Done: 0 jobs.\n"
    assert shops.loom.commands.output_of("jobs", "list").count("\n") <= 1
    done = shops.kiln.commands.output_of("worker", "--once")

    # The capture, and the webhooks of the order and of its payment.
    assert done != "Done: 0 jobs.\n"
    assert len(shops.kiln.receiver.received) > received[0]
    assert len(shops.loom.receiver.received) == received[1]


def test_failed_sign_ins_in_one_shop_leave_the_other_open(shops: Shops, email: str) -> None:
    shops.kiln.customer(email)
    shops.loom.customer(email)
    wrong = {"email": email, "password": "not the password of Ada"}
    kiln, loom = shops.kiln.visitor(), shops.loom.visitor()

    failed = [kiln.post("/session", json=wrong).status_code for _ in range(6)]

    assert failed[-1] == 429
    assert loom.post("/session", json=wrong).status_code == 401
    right = {"email": email, "password": PASSWORD}
    assert loom.post("/session", json=right).status_code == 200


def test_the_audit_finds_what_is_wrong_in_its_own_shop_alone(
    shops: Shops, email: str, in_kiln: httpx2.Client
) -> None:
    del in_kiln
    change = (
        "UPDATE accounts SET balance = balance + $2"
        " WHERE user_id = (SELECT id FROM users WHERE email = $1)"
    )
    shops.kiln.ask(change, email, 1)
    try:
        found = shops.kiln.commands.run("audit")
        assert found.returncode == 1
        assert "violated invariants: 1, 2" in found.stderr
        assert shops.loom.commands.run("audit").returncode == 0
    finally:
        shops.kiln.ask(change, email, -1)
    assert shops.kiln.commands.run("audit").returncode == 0


def test_the_catalogue_of_one_shop_is_not_locked_by_the_other(shops: Shops) -> None:
    held = (
        "SELECT classid, objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    )
    texts, tree = str(LOCK_NUMBERS), str(LOCK_CATEGORIES)

    def keys(schema: str) -> set[tuple[int, int]]:
        found = run_together(shops.kiln.database_url, schema, texts, tree, held)
        return {tuple(row) for row in found}

    assert len(keys("kiln")) == len(keys("loom")) == 2
    assert keys("kiln").isdisjoint(keys("loom"))


def test_files_of_both_shops_lie_in_one_folder(shops: Shops, in_kiln: httpx2.Client) -> None:
    order(in_kiln, sku_of(shops.kiln), method="card", token="tok_visa")

    names = {each.name for each in Path(shops.kiln.commands.folder).iterdir()}

    assert {"shop-kiln.gateway"} <= names
    assert not {each for each in names if each.startswith("shop.")}


def test_one_shop_is_restored_while_the_others_serve(shops: Shops, in_loom: httpx2.Client) -> None:
    url = shops.kiln.database_url
    wheel = command_line(shops.kiln.commands.folder, url, "wheel")
    wheel.output_of("migrate")
    wheel.output_of("seed", "--products", "3", "--customers", "2")
    wheel.output_of("backup", "wheel.tar")
    wheel.output_of("seed", "--customers", "5")
    before = shops.kiln.count("users"), shops.loom.count("users")

    restored = wheel.output_of("restore", "--overwrite", "wheel.tar")

    assert restored.startswith("Restored the shop as of ")
    assert ask(url, "SELECT count(*) FROM users", search_path="wheel")[0][0] == 2
    assert before == (shops.kiln.count("users"), shops.loom.count("users"))
    assert order(in_loom, sku_of(shops.loom)).status_code == 201


def test_a_shop_is_not_restored_while_its_own_server_runs(shops: Shops) -> None:
    shops.kiln.commands.output_of("backup", "kiln.tar")
    before = shops.kiln.count("users")

    rejected = shops.kiln.commands.complete("restore", "--overwrite", "kiln.tar")

    assert rejected.code == 1
    assert "of a shop; stop all servers and workers first" in rejected.error_line
    assert shops.kiln.count("users") == before
