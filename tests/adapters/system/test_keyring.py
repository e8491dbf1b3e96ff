"""The secret that development stores in a file: it is created once."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from stat import S_IMODE

import pytest

from shop.adapters.system.keyring import load_or_create_secret


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.db.secret"


def test_secret_is_created_once_and_private_to_its_owner(file: Path) -> None:
    secret = load_or_create_secret(file)

    assert len(secret) == 43
    assert load_or_create_secret(file) == secret
    assert S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_concurrent_starts_agree_on_one_secret(file: Path) -> None:
    with ThreadPoolExecutor(max_workers=8) as starters:
        secrets = set(starters.map(load_or_create_secret, [file] * 64))

    assert len(secrets) == 1
    assert list(file.parent.iterdir()) == [file]


def test_remains_of_a_crash_do_not_block_a_start(file: Path) -> None:
    assert _start(file, after="os.link = lambda *_: os._exit(9)") == 9
    assert not file.exists()

    assert _start(file) == 0

    assert len(load_or_create_secret(file)) == 43


def _start(file: Path, *, after: str = "") -> int:
    """Ask for the secret as the first process of a container, where each has the same number."""
    script = f"""
import os, pathlib, sys
from shop.adapters.system.keyring import load_or_create_secret
os.getpid = lambda: 1
{after}
load_or_create_secret(pathlib.Path(sys.argv[1]))
"""
    return subprocess.run([sys.executable, "-c", script, file], check=False).returncode
