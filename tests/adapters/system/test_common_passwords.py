"""The list of common passwords: complete, small, quick, and hardly ever mistaken."""

import secrets
import time
from pathlib import Path

import pytest

from shop.adapters.system.common_passwords import FILE, CommonPasswordFile, encode
from shop.domain.password import comparison_key
from tools.make_common_passwords import main

COMMON = CommonPasswordFile()


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "Password",
        "12345678",
        "qwertyuiop",
        "iloveyou1",
        "P@ssw0rd",
        "Passw0rd!",
        "Password123!",
        "PASSWORD2026",
        "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44",
        "administrator",
        "letmein1",
        "trustno1",
    ],
)
def test_common_password_is_found(password: str) -> None:
    assert COMMON.contains(password)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "password of three words",
        "пароль-пароль",
        "🔑" * 8,
        "x" * 128,
        "        ",
        "password of 12345!",
    ],
)
def test_other_password_is_not_found(password: str) -> None:
    assert not COMMON.contains(password)


def test_file_has_100_000_passwords() -> None:
    assert FILE.stat().st_size == 500_000


def test_no_random_password_is_found_by_mistake() -> None:
    # A mistake is expected once in ten million.
    assert not any(COMMON.contains(secrets.token_urlsafe(12)) for _ in range(10_000))


def test_first_search_takes_less_than_50_milliseconds_of_the_processor() -> None:
    start = time.process_time()

    assert CommonPasswordFile().contains("password")

    assert time.process_time() - start < 0.05


def test_file_is_made_of_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, array, output = (tmp_path / name for name in ("a.txt", "b.json", "c.bin"))
    text.write_text("Password\nshort\nqwertyuiop\n", encoding="utf-8")
    array.write_text('["password", "football"]', encoding="utf-8")
    monkeypatch.setattr(
        "sys.argv", ["make_common_passwords", str(text), str(array), "--output", str(output)]
    )

    main()

    words = ["password", "qwertyuiop", "football"]
    assert output.read_bytes() == encode(map(comparison_key, words))
    assert [CommonPasswordFile(output).contains(word) for word in (*words, "baseball")] == [
        True,
        True,
        True,
        False,
    ]
