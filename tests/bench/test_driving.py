"""A revision is driven from outside: by the commands and settings that it has, and its HTTP API."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from bench.comparison import seed
from bench.comparison.dialects import DIALECTS, FIRST, UnknownDialect, dialect_of
from bench.comparison.installations import Installation, documentation_of, help_by
from bench.comparison.revisions import Repository, Revision
from bench.databases import SQLITE, Postgres, SqliteDatabase
from bench.servers import ROOT, SHOP
from bench.workloads import PRODUCTS

HELP = {
    "migrate": "--database",
    "import": "FILE",
    "serve": "--port --workers",
    "gateway": "--port --state",
    "audit": "--json",
}
SETTINGS = (
    "`SHOP_ENVIRONMENT` `SHOP_DATABASE_URL` `SHOP_SESSION_SECRETS` `SHOP_WELCOME_CREDIT`"
    " `SHOP_PAYMENT_GATEWAY` `SHOP_SIMULATED_GATEWAY_URL`"
)


def test_revision_is_driven_by_the_newest_dialect_that_fits_it() -> None:
    newest, *_ = DIALECTS
    assert _dialect(HELP, SETTINGS) == FIRST
    assert _dialect(HELP, f"{SETTINGS} `SHOP_RATE_LIMITS`") == newest != FIRST


@pytest.mark.parametrize(
    ("command", "shown", "missing"),
    [
        ("gateway", "--port --file", "`shop gateway --state`"),
        ("serve", "--port --workers-count", "`shop serve --workers`"),
        ("serve", "--workers", "`shop serve --port`"),
        ("audit", "", "`shop audit`"),
    ],
)
def test_renamed_command_or_option_is_named(command: str, shown: str, missing: str) -> None:
    with pytest.raises(UnknownDialect, match=f"first needs {missing};"):
        _dialect({**HELP, command: shown}, SETTINGS)


def test_renamed_setting_is_named() -> None:
    renamed = SETTINGS.replace("SHOP_WELCOME_CREDIT", "SHOP_WELCOME_CREDIT_AMOUNT")
    with pytest.raises(UnknownDialect, match="first needs SHOP_WELCOME_CREDIT;"):
        _dialect(HELP, renamed)


def test_gateway_is_in_the_settings_of_a_shop_that_has_one() -> None:
    assert FIRST.environment("sqlite:///a", None) == {
        **FIRST.settings,
        "SHOP_DATABASE_URL": "sqlite:///a",
    }
    assert FIRST.environment("sqlite:///a", "http://127.0.0.1:1") == {
        **FIRST.settings,
        "SHOP_DATABASE_URL": "sqlite:///a",
        "SHOP_SIMULATED_GATEWAY_URL": "http://127.0.0.1:1",
    }


def test_working_tree_is_seeded_through_its_own_commands_and_api(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails as soon as a rename lacks its dialect, or the API its old way to order."""
    monkeypatch.setattr(seed, "CUSTOMERS", 2)
    monkeypatch.setattr(seed, "ORDERS", 3)
    installation = Installation(
        revision=Revision(role="head", name="now", tree=""),
        program=SHOP,
        dialect=dialect_of(help_by(SHOP, tmp_path), documentation_of(ROOT)),
    )
    unused = Postgres(programs=tmp_path, socket_folder="", pid=0)

    seeded = seed.seed_database(installation, SQLITE, unused, tmp_path / "seed")
    (tmp_path / "copy").mkdir()
    copy = seeded.copy("copy", tmp_path / "copy")

    assert isinstance(copy, SqliteDatabase)
    assert copy.orders() == 3
    customers = (seeded.files / "customers").read_text().splitlines()
    orders = (seeded.files / "orders").read_text().splitlines()
    assert len(set(customers)) == 2
    assert [line.split(" ", 1)[1] for line in orders] == [customers[n % 2] for n in range(3)]
    environment = installation.dialect.environment(copy.address, None)
    installation.run(installation.dialect.audit, environment, tmp_path)


def test_command_that_fails_is_named_with_its_output(tmp_path: Path) -> None:
    installation = Installation(
        revision=Revision(role="head", name="now", tree=""), program=SHOP, dialect=FIRST
    )

    with pytest.raises(RuntimeError, match="head: `shop audit` failed with status 2") as caught:
        installation.run(FIRST.audit, FIRST.environment("no URL", None), tmp_path)
    assert "SHOP_DATABASE_URL" in "".join(caught.value.__notes__)


def test_products_are_numbered_like_those_that_the_load_orders(tmp_path: Path) -> None:
    seed.write_products(tmp_path / "products.csv")

    header, first, *_, last = (tmp_path / "products.csv").read_text().splitlines()
    assert header == "sku,name,description,price,stock"
    assert first.startswith("BENCH-0000001,")
    assert last.startswith(f"BENCH-{PRODUCTS:07},")


def test_base_is_a_commit_and_the_head_the_files_as_they_are(tmp_path: Path) -> None:
    repository = _repository(tmp_path / "repository")
    base, clean = repository.committed("HEAD"), repository.working_tree()
    (tmp_path / "repository" / "kept").write_text("changed")
    (tmp_path / "repository" / "new").write_text("new")
    (tmp_path / "repository" / "ignored").write_text("ignored")
    changed = repository.working_tree()

    assert (base.role, clean.role, changed.role) == ("base", "head", "head")
    assert base.tree == clean.tree != changed.tree
    assert base.name == clean.name
    assert changed.name == f"{base.name} with changes (tree {changed.tree[:12]})"
    repository.extract(base, tmp_path / "base")
    repository.extract(changed, tmp_path / "head")
    assert _files(tmp_path / "base") == {".gitignore": "ignored\n", "kept": "kept"}
    assert _files(tmp_path / "head") == {
        ".gitignore": "ignored\n",
        "kept": "changed",
        "new": "new",
    }


def test_index_is_left_as_it_is(tmp_path: Path) -> None:
    repository = _repository(tmp_path / "repository")
    (tmp_path / "repository" / "new").write_text("new")
    repository.working_tree()

    assert _git(tmp_path / "repository", "status", "--porcelain") == "?? new\n"


@pytest.mark.parametrize("name", ["missing", "--help", ""])
def test_unknown_base_is_rejected(tmp_path: Path, name: str) -> None:
    with pytest.raises(RuntimeError, match=f"unknown revision: {name};"):
        _repository(tmp_path / "repository").committed(name)


def _dialect(help_by_command: Mapping[str, str], documentation: str) -> object:
    return dialect_of(lambda command: help_by_command[command], documentation)


def _repository(folder: Path) -> Repository:
    folder.mkdir()
    (folder / ".gitignore").write_text("ignored\n")
    (folder / "kept").write_text("kept")
    _git(folder, "init", "--quiet")
    _git(folder, "add", "--all")
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    _git(folder, *author, "commit", "--quiet", "--message", "Begin")
    return Repository(folder)


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments],  # noqa: S607
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def _files(folder: Path) -> Mapping[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}
