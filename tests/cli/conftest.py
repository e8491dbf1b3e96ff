"""The shop's own program, run in a folder of its own."""

from pathlib import Path

import pytest

from tests.cli.program import Program, ProgramHere


@pytest.fixture
def shop(tmp_path: Path) -> Program:
    """Give the program, run within the tests' own process."""
    return ProgramHere(folder=tmp_path, settings={})


@pytest.fixture
def real_shop(tmp_path: Path) -> Program:
    """Give the program as the operator runs it, in the same folder."""
    return Program(folder=tmp_path, settings={})


@pytest.fixture
def migrated(shop: Program) -> Program:
    assert shop.run("migrate").returncode == 0
    return shop
