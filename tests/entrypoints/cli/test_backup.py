"""`shop backup` and `shop restore`: what they reject, and that nothing has changed then."""

import json
import shutil
import signal
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from shop.adapters.sql.schema.tables import SCHEMA_VERSION
from tests.entrypoints.cli.command_line import CommandLine

DUMPS = Path(__file__).parents[2] / "adapters" / "sql" / "upgrades" / "dumps"
IN_USE = "is in use; stop all servers and workers of the shop first"


@pytest.fixture
def seeded(shop: CommandLine) -> CommandLine:
    shop.output_of("seed", "--products", "3", "--customers", "2")
    return shop


@pytest.fixture
def backed_up(seeded: CommandLine) -> CommandLine:
    """Return a shop with a backup, `backup.tar`, and two more products than that."""
    assert seeded.output_of("backup", "backup.tar") == (
        "Backed up to backup.tar: 0 orders, 2 users, 3 products (shop.db, gateway.db, secret, "
        "media.tar).\n"
    )
    seeded.output_of("seed", "--products", "5")
    return seeded


def _files(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def _products(shop: CommandLine) -> int:
    ((count,),) = shop.rows("SELECT count(*) FROM products")
    return int(count)


def _remove_shop(shop: CommandLine) -> None:
    for file in shop.folder.glob("shop.db*"):
        file.unlink()


def _change_manifest(file: Path, change: Callable[[Any], None]) -> None:
    with tarfile.open(file) as archive:
        opened = [(each, archive.extractfile(each)) for each in archive.getmembers()]
        members = [(member, content.read()) for member, content in opened if content]
    document = json.loads(members[0][1])
    change(document)
    with tarfile.open(file, "w") as archive:
        for member, content in [(members[0][0], json.dumps(document).encode()), *members[1:]]:
            member.size = len(content)
            archive.addfile(member, BytesIO(content))


class TestABackup:
    def test_includes_what_is_in_the_log_of_a_running_shop(self, migrated: CommandLine) -> None:
        with migrated.serving() as server:
            assert server.status("/readyz") == 200
            migrated.output_of("seed")
            # The mistake that the command is for: all products are in the write-ahead log.
            shutil.copy(migrated.folder / "shop.db", migrated.folder / "copied.db")
            with closing(sqlite3.connect(migrated.folder / "copied.db")) as copied:
                assert copied.execute("SELECT count(*) FROM products").fetchall() == [(0,)]
            printed = migrated.output_of("backup", "backup.tar")

        assert "0 orders, 0 users, 50 products" in printed

    def test_is_readable_by_its_owner_only(self, backed_up: CommandLine) -> None:
        assert (backed_up.folder / "backup.tar").stat().st_mode & 0o777 == 0o600

    def test_leaves_no_other_file(self, seeded: CommandLine) -> None:
        before = _files(seeded.folder)

        seeded.output_of("backup", "backup.tar")

        # The secret is made now if no server has needed it yet: the backup must have it.
        assert _files(seeded.folder) == before | {"backup.tar", "shop.db.secret"}

    def test_replaces_an_existing_file_only_if_requested(self, backed_up: CommandLine) -> None:
        before = (backed_up.folder / "backup.tar").read_bytes()

        ended = backed_up.complete("backup", "backup.tar")

        assert (ended.code, ended.error_line) == (
            1,
            "shop: backup.tar exists already; use --overwrite to replace it",
        )
        assert (backed_up.folder / "backup.tar").read_bytes() == before
        assert "5 products" in backed_up.output_of("backup", "backup.tar", "--overwrite")

    @pytest.mark.parametrize(
        ("file", "reason"),
        [
            ("missing/backup.tar", "the folder missing of the file backup.tar does not exist"),
            (".", ". is not a file; name the file to create"),
        ],
    )
    def test_needs_a_file_that_can_be_created(
        self, file: str, reason: str, seeded: CommandLine
    ) -> None:
        before = _files(seeded.folder)

        ended = seeded.complete("backup", file)

        assert (ended.code, ended.error_line) == (1, f"shop: {reason}")
        assert _files(seeded.folder) == before

    def test_of_a_missing_database_creates_nothing(self, shop: CommandLine) -> None:
        ended = shop.complete("backup", "backup.tar")

        assert (ended.code, ended.error_line) == (
            1,
            f"shop: the database file {shop.folder / 'shop.db'} does not exist; run `shop migrate`",
        )
        assert _files(shop.folder) == set()

    def test_of_a_damaged_database_is_not_made(self, seeded: CommandLine) -> None:
        file = seeded.folder / "shop.db"
        content = file.read_bytes()
        file.write_bytes(content[:4096] + b"\xff" * 4096 * 10 + content[4096 * 11 :])

        ended = seeded.complete("backup", "backup.tar")

        assert ended.code == 1
        assert "is damaged: " in ended.error_line
        assert not (seeded.folder / "backup.tar").exists()

    @pytest.mark.parametrize("command", ["backup", "restore"])
    def test_of_a_shop_in_memory_is_a_usage_error(self, command: str, shop: CommandLine) -> None:
        ended = shop.complete(command, "backup.tar", "--database", "memory://")

        assert ended.code == 2
        assert ended.error_line.startswith("shop: memory:// is inside a `shop serve` process")


class TestARestore:
    def test_brings_back_a_lost_shop(self, backed_up: CommandLine) -> None:
        secret = (backed_up.folder / "shop.db.secret").read_bytes()
        _remove_shop(backed_up)

        restored, reconciled = backed_up.output_of("restore", "backup.tar").splitlines()

        assert restored.startswith("Restored the shop as of 2")
        assert restored.endswith(" UTC: 0 orders, 2 users, 3 products.")
        assert reconciled == "Differences: 0, repaired: 0."
        assert _products(backed_up) == 3
        assert (backed_up.folder / "shop.db.secret").read_bytes() == secret
        for name in ("shop.db", "shop.db.gateway", "shop.db.secret"):
            assert (backed_up.folder / name).stat().st_mode & 0o777 == 0o600
        assert backed_up.run("audit").returncode == 0

    def test_brings_back_the_images(self, seeded: CommandLine) -> None:
        checksum = "9f" * 32
        image = seeded.folder / "shop.db.media" / "9f" / f"{checksum}-320.webp"
        image.parent.mkdir(parents=True)
        image.write_bytes(b"image")
        seeded.output_of("backup", "backup.tar")
        shutil.rmtree(seeded.folder / "shop.db.media")
        _remove_shop(seeded)

        seeded.output_of("restore", "backup.tar")

        assert image.read_bytes() == b"image"

    def test_replaces_an_empty_shop(self, backed_up: CommandLine) -> None:
        _remove_shop(backed_up)
        backed_up.output_of("migrate")

        backed_up.output_of("restore", "backup.tar")

        assert _products(backed_up) == 3

    def test_replaces_a_shop_in_use_only_if_requested(self, backed_up: CommandLine) -> None:
        ended = backed_up.complete("restore", "backup.tar")

        assert (ended.code, ended.error_line) == (
            1,
            (
                "shop: the shop has 2 users, 5 products, which a restore would delete;"
                " use --overwrite to replace it"
            ),
        )
        assert _products(backed_up) == 5
        assert backed_up.run("audit").returncode == 0
        backed_up.output_of("restore", "backup.tar", "--overwrite")
        assert _products(backed_up) == 3

    def test_replaces_a_damaged_database_only_if_requested(self, backed_up: CommandLine) -> None:
        (backed_up.folder / "shop.db").write_bytes(b"no database" * 1000)

        ended = backed_up.complete("restore", "backup.tar")

        assert ended.code == 1
        assert ended.error_line.endswith(
            "is damaged: file is not a database; use --overwrite to replace it"
        )
        backed_up.output_of("restore", "backup.tar", "--overwrite")
        assert backed_up.run("audit").returncode == 0

    def test_never_replaces_the_database_of_another_program(self, backed_up: CommandLine) -> None:
        _remove_shop(backed_up)
        backed_up.rows("CREATE TABLE notes (text)")

        ended = backed_up.complete("restore", "backup.tar", "--overwrite")

        assert ended.error_line == (
            "shop: shop.db is not the database of a shop; choose another file"
        )
        assert backed_up.rows("SELECT name FROM sqlite_schema") == [("notes",)]

    def test_is_rejected_while_a_server_runs(self, backed_up: CommandLine) -> None:
        with backed_up.serving() as server:
            assert server.status("/readyz") == 200

            ended = backed_up.complete("restore", "backup.tar", "--overwrite")

            assert (ended.code, ended.error_line) == (1, f"shop: shop.db {IN_USE}")
            assert server.status("/readyz") == 200
            code, _, _ = server.stop(signal.SIGTERM)
        assert code == 0
        assert _products(backed_up) == 5
        backed_up.output_of("restore", "backup.tar", "--overwrite")

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (
                lambda document: document.update(release="99.0"),
                (
                    "the backup was made by shop 99.0, and this is shop 0.1.0;"
                    " restore it with 99.0 or a newer release"
                ),
            ),
            (
                lambda document: document["database"].update(schema_version="9999"),
                (
                    f"the backup has schema version 9999, newer than {SCHEMA_VERSION} of this"
                    " release; restore it with the release that made it"
                ),
            ),
            (
                lambda document: document["database"].update(engine="postgresql"),
                (
                    "the backup is of a postgresql database, and this shop uses sqlite; choose the"
                    " database with SHOP_DATABASE_URL or --database"
                ),
            ),
            (
                lambda document: document["database"]["rows"].update(orders=1),
                "the database in the backup is not as its manifest says",
            ),
        ],
    )
    def test_of_an_unfit_backup_changes_nothing(
        self, change: Callable[[Any], None], reason: str, backed_up: CommandLine
    ) -> None:
        _change_manifest(backed_up.folder / "backup.tar", change)
        before = _files(backed_up.folder)

        ended = backed_up.complete("restore", "backup.tar", "--overwrite")

        assert (ended.code, ended.error_line) == (1, f"shop: {reason}")
        assert _files(backed_up.folder) == before
        assert _products(backed_up) == 5

    def test_of_a_shop_with_another_currency_is_a_usage_error(self, backed_up: CommandLine) -> None:
        _remove_shop(backed_up)

        ended = backed_up.with_settings(SHOP_CURRENCY="USD").complete("restore", "backup.tar")

        assert (ended.code, ended.error_line) == (
            2,
            "shop: SHOP_CURRENCY: the backup is of a shop that sells in EUR",
        )
        assert not (backed_up.folder / "shop.db").exists()

    def test_leaves_the_secret_out_if_the_settings_have_secrets(
        self, backed_up: CommandLine
    ) -> None:
        _remove_shop(backed_up)
        secrets = json.dumps(["a secret of no shop, 0123456789 abcdef"])

        printed = backed_up.with_settings(SHOP_SESSION_SECRETS=secrets).output_of(
            "restore", "backup.tar"
        )

        assert printed.splitlines()[1] == (
            "Left out secret, which this shop's settings do not use."
        )
        assert not (backed_up.folder / "shop.db.secret").exists()

    def test_upgrades_a_backup_of_an_earlier_schema(self, shop: CommandLine) -> None:
        with closing(sqlite3.connect(shop.folder / "shop.db")) as earlier:
            earlier.executescript((DUMPS / "0004.sqlite.sql").read_text())
        ((orders,),) = shop.rows("SELECT count(*) FROM orders")
        shop.output_of("backup", "backup.tar")
        (shop.folder / "shop.db").unlink()

        shop.run("restore", "backup.tar")

        assert shop.rows("SELECT version_num FROM alembic_version") == [(SCHEMA_VERSION,)]
        assert orders > 0
        assert shop.rows("SELECT count(*) FROM orders") == [(orders,)]
