"""A restore that is rejected changes nothing, and so leaves a shop that opens."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.backup.conftest import Engine
from tests.entrypoints.cli.command_line import CommandLine


@pytest.fixture
def backup(engine: Engine) -> Path:
    """Back up a shop with five products."""
    source = engine.new_shop("source")
    source.output_of("migrate")
    source.output_of("seed", "--products", "5", "--customers", "1")
    file = engine.folder / "backup.tar"
    source.output_of("backup", str(file))
    return file


@pytest.fixture
def target(engine: Engine) -> CommandLine:
    """Return a shop without rows."""
    target = engine.new_shop("target")
    target.output_of("migrate")
    return target


@pytest.fixture
def gateway_file(engine: Engine, target: CommandLine) -> Path:
    """Return the file of the target's gateway, with two payments."""
    name = "shop.db.gateway" if engine.server_url is None else "shop.gateway"
    file = target.folder / name
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE payments (id TEXT)")
        connection.execute("INSERT INTO payments VALUES ('pay_1'), ('pay_2')")
    return file


@contextmanager
def _in_use(file: Path) -> Iterator[None]:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("SELECT count(*) FROM payments").fetchone()
        yield


def _payments(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM payments").fetchone()
    return int(count)


def _assert_rejected(target: CommandLine, *command: str, message: str) -> None:
    ended = target.run("restore", *command)
    assert (ended.returncode, ended.stderr) == (1, f"shop: {message}\n")
    # With the mark of a restore that has not finished, it would fail.
    target.output_of("migrate")


class TestARestoreWhoseGatewayIsInUse:
    def test_leaves_a_shop_that_opens(
        self, backup: Path, target: CommandLine, gateway_file: Path
    ) -> None:
        target.output_of("seed", "--products", "2", "--customers", "0")

        with _in_use(gateway_file):
            _assert_rejected(
                target,
                str(backup),
                "--overwrite",
                message=f"{gateway_file.name} is in use; stop all servers and workers of the shop"
                " first",
            )

        ended = target.run("restore", str(backup))
        assert ended.stderr.startswith("shop: the shop has 2 products, which a restore would")
        target.output_of("restore", str(backup), "--overwrite")
        assert _payments(gateway_file) == 0

    def test_creates_no_database(self, sqlite_engine: Engine) -> None:
        source, trial = sqlite_engine.new_shop("source"), sqlite_engine.new_shop("trial")
        source.output_of("seed", "--products", "1", "--customers", "0")
        source.output_of("backup", "../backup.tar")
        trial.folder.joinpath("shop.db.secret").write_text("another")

        ended = trial.run("restore", "../backup.tar")

        assert ended.returncode == 1
        assert [each.name for each in trial.folder.iterdir()] == ["shop.db.secret"]


class TestARestoreIntoAnEmptyDatabase:
    def test_keeps_the_payments_of_a_gateway(
        self, backup: Path, target: CommandLine, gateway_file: Path
    ) -> None:
        _assert_rejected(
            target,
            str(backup),
            message=f"{gateway_file.name} has 2 payments, which a restore would replace; restore in"
            " an empty folder, or use --overwrite",
        )
        assert _payments(gateway_file) == 2

        target.output_of("restore", str(backup), "--overwrite")
        assert _payments(gateway_file) == 0

    def test_keeps_the_secret_of_another_shop(
        self, backup: Path, target: CommandLine, engine: Engine
    ) -> None:
        name = "shop.db.secret" if engine.server_url is None else "shop.secret"
        secret = target.folder / name
        secret.write_text("another")

        ended = target.run("restore", str(backup))

        assert ended.returncode == 1
        assert ended.stderr.startswith(f"shop: {name} has another secret, which a restore would")
        assert secret.read_text() == "another"
