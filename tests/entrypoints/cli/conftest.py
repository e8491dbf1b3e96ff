"""The shop's own program, run in a folder of its own."""

import shutil
from pathlib import Path

import pytest

from tests.entrypoints.cli.command_line import CommandLine, InProcessCommandLine


@pytest.fixture
def shop(tmp_path: Path) -> CommandLine:
    """Return the program, run within the tests' own process."""
    return InProcessCommandLine(folder=tmp_path, settings={})


@pytest.fixture
def real_shop(tmp_path: Path) -> CommandLine:
    """Return the program as the operator runs it, in the same folder."""
    return CommandLine(folder=tmp_path, settings={})


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate one database, of which each test gets a copy: that takes a hundredth of the time."""
    folder = tmp_path_factory.mktemp("migrated")
    InProcessCommandLine(folder=folder, settings={}).output_of("migrate")
    (file,) = folder.iterdir()
    return file


@pytest.fixture
def migrated(shop: CommandLine, migrated_file: Path) -> CommandLine:
    """Return the program beside a database that it has migrated."""
    shutil.copy(migrated_file, shop.folder)
    return shop
