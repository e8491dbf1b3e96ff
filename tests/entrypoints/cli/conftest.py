"""The shop's own program, run in a folder of its own."""

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


@pytest.fixture
def migrated(shop: CommandLine) -> CommandLine:
    assert shop.run("migrate").returncode == 0
    return shop
