"""The program itself: each command as a process of its own."""

import json
import signal
import time

from tests.entrypoints.cli.command_line import CommandLine
from tests.timeouts import TEST_TIMEOUT_SECONDS


def test_operator_can_set_up_and_maintain_a_shop(real_shop: CommandLine) -> None:
    (real_shop.folder / "tea.csv").write_text("sku,name,description,price,stock\nTEA,Tea,,500,5\n")

    assert real_shop.output_of("migrate").splitlines() == [
        "Created the tables and the accounts of a shop in shop.db.",
        "The database schema is up to date.",
    ]
    assert real_shop.output_of("import", "tea.csv").startswith("Products: 1 added")
    assert real_shop.output_of("seed", "--customers", "1").startswith("Products: 50 added")
    promoted = real_shop.output_of(
        "users", "promote", "customer-000001@example.com", "--role", "admin"
    )
    assert promoted.endswith("admin, customer.\n")
    assert real_shop.output_of("sessions", "sweep").startswith("Deleted: 0 sessions")
    assert json.loads(real_shop.output_of("audit", "--json"))["holds"] is True


def test_secret_and_openapi_need_no_database(real_shop: CommandLine) -> None:
    assert len(real_shop.output_of("secret").strip()) == 43
    assert json.loads(real_shop.output_of("openapi"))["info"]["title"] == "shop"
    assert list(real_shop.folder.iterdir()) == []


def test_interrupt_is_reported_in_one_line_and_keeps_committed_work(real_shop: CommandLine) -> None:
    real_shop.output_of("migrate")

    with real_shop.running("seed", "--products", "1000000") as seeding:
        while real_shop.rows("SELECT count(*) FROM products") == [(0,)]:
            assert seeding.poll() is None
            time.sleep(0.01)
        seeding.send_signal(signal.SIGINT)
        output = seeding.communicate(timeout=TEST_TIMEOUT_SECONDS)

    assert (seeding.returncode, output) == (130, ("", "shop: interrupted\n"))
    ((count,),) = real_shop.rows("SELECT count(*) FROM products")
    assert 0 < count < 1_000_000
    assert json.loads(real_shop.output_of("audit", "--json"))["holds"] is True


def test_failure_is_reported_in_one_line_without_a_traceback(real_shop: CommandLine) -> None:
    (real_shop.folder / "broken.db").write_text("This is no database.\n" * 100)

    unmigrated = real_shop.complete("audit")
    unusable = real_shop.complete("audit", "--database", "sqlite+aiosqlite:///broken.db")
    misused = real_shop.complete("audit", "--nonsense")

    assert (unmigrated.code, unusable.code, misused.code) == (1, 1, 2)
    assert unmigrated.error_line.endswith("does not exist; run `shop migrate`")
    assert unusable.error_line == (
        "shop: broken.db is not a SQLite database; check SHOP_DATABASE_URL or --database"
    )
    assert misused.error_line.startswith("shop: No such option: --nonsense")
