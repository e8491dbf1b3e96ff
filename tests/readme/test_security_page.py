"""The security page has every check, and each test that it names exists where it says."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "operating" / "security.md"
CHECKS = range(1, 70)

ROW = re.compile(r"^\| (\d+) \| .+ \| .+ \| (.+) \|$", re.MULTILINE)
TESTS_OF_A_FILE = re.compile(r"((?:`test_\w+`(?:, )?)+) \(`(tests/[\w/]+\.py)`\)")
RESULT = re.compile(r"(?:kept: `test_|falls short: |does not apply: )")


def _functions(file: str) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse(Path(ROOT, file).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def _missing(text: str) -> list[str]:
    """Return the tests that a text names and that are not in the file behind them."""
    named = [
        (name, file)
        for names, file in TESTS_OF_A_FILE.findall(text)
        for name in re.findall(r"`(test_\w+)`", names)
    ]
    without_file = len(re.findall(r"`test_\w+`", text)) - len(named)
    return [f"{name} ({file})" for name, file in named if name not in _functions(file)] + [
        "a test without its file"
    ] * without_file


def test_every_check_has_a_row_with_a_result() -> None:
    rows = ROW.findall(PAGE.read_text())

    assert [int(number) for number, _ in rows] == list(CHECKS)
    assert [number for number, result in rows if not RESULT.match(result)] == []


def test_every_test_on_the_page_exists() -> None:
    assert _missing(PAGE.read_text()) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("`test_nothing` (`tests/readme/test_security_page.py`)", "test_nothing"),
        ("`test_every_test_on_the_page_exists` (`tests/readme/test_words.py`)", "test_every_test"),
        ("kept: `test_every_test_on_the_page_exists`", "a test without its file"),
    ],
)
def test_missing_test_is_found(text: str, missing: str) -> None:
    (found,) = _missing(text)

    assert found.startswith(missing)
