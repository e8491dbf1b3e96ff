"""The program itself: each command as a process of its own."""

import json
import signal
import time

from tests.cli.program import Program


def test_a_shop_is_set_up_and_looked_after(real_shop: Program) -> None:
    (real_shop.folder / "tea.csv").write_text("sku,name,description,price,stock\nTEA,Tea,,500,5\n")

    assert real_shop.printed("migrate") == "The database is ready.\n"
    assert real_shop.printed("import", "tea.csv").startswith("Products: 1 added")
    assert real_shop.printed("seed", "--customers", "1").startswith("Products: 50 added")
    promoted = real_shop.printed(
        "users", "promote", "customer-000001@example.com", "--role", "admin"
    )
    assert promoted.endswith("admin, customer.\n")
    assert real_shop.printed("sessions", "sweep").startswith("Swept: 0 sessions")
    assert json.loads(real_shop.printed("audit", "--json"))["holds"] is True


def test_secret_and_openapi_need_nothing(real_shop: Program) -> None:
    assert len(real_shop.printed("secret").strip()) == 43
    assert json.loads(real_shop.printed("openapi"))["info"]["title"] == "shop"
    assert list(real_shop.folder.iterdir()) == []


def test_an_interrupt_is_one_line_and_what_was_done_stays(real_shop: Program) -> None:
    real_shop.printed("migrate")

    with real_shop.running("seed", "--products", "1000000") as seeding:
        while real_shop.rows("SELECT count(*) FROM products") == [(0,)]:
            time.sleep(0.01)
        seeding.send_signal(signal.SIGINT)
        told = seeding.communicate(timeout=30)

    assert (seeding.returncode, told) == (130, ("", "shop: interrupted\n"))
    ((count,),) = real_shop.rows("SELECT count(*) FROM products")
    assert 0 < count < 1_000_000
    assert json.loads(real_shop.printed("audit", "--json"))["holds"] is True


def test_failures_are_one_line_without_a_trace(real_shop: Program) -> None:
    (real_shop.folder / "broken.db").write_text("This is no database.\n" * 100)

    unmigrated = real_shop.end("audit")
    unusable = real_shop.end("audit", "--database", "sqlite+aiosqlite:///broken.db")
    misused = real_shop.end("audit", "--nonsense")

    assert (unmigrated.code, unusable.code, misused.code) == (1, 1, 2)
    assert unmigrated.line.endswith("`shop migrate` makes it")
    assert unusable.line == "shop: the database cannot be used: file is not a database"
    assert misused.line.startswith("shop: No such option: --nonsense")
