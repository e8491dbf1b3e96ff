"""Texts and names use the words of the glossary, and plain English.

`pytest -q tests/readme/test_words.py` lists each retired word by file and line, with a better one.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("bench", "docs", "src", "tests")
SUFFIXES = {".py", ".md", ".lua", ".sql", ".html", ".txt"}

WORDS = {
    r"whoever|nobody|somebody|anybody": "the actor: customer, client, user, operator, process",
    r"refus\w+": "reject (a rule), error (HTTP), deny (access)",
    r"tells|told": "report, return, log, say",
    r"the books|books": "ledger (the shop's), records (the gateway's)",
    r"set aside": "authorise (money), reserve (stock)",
    r"given up|gives? up": "dead (a job), reverse (a payment)",
    r"for good": "permanently",
    r"sessions? (?:is|are|was|were) over": "has expired, is revoked",
    r"anew": "again",
    r"nought": "zero",
    r"thereof": "of it",
    r"lest": "so that … not",
    r"but for": "except",
    r"under way": "in progress, running",
    r"where there (?:is|are)": "if there is",
    r"outbox": "jobs",
    r"handovers?": "shipment event",
    r"announcements?|dispatch(?:es|ed)?": "notification, notification delivery",
    r"notices": "gateway events",
    r"courier": "webhook sender",
    r"deeds?": "operation, action",
    r"wish(?:es|ed)?": "request",
    r"intake": "import",
    r"naive": "ORM baseline",
    r"contenders?|arena|premises": "subject, benchmark, fixtures",
    r"furnish\w*": "seed",
    r"demonstration\b(?! (?:products|data))": "demo",
}
"""A retired word, as a regular expression, and the words to use instead."""

ALLOWED = re.compile(
    r"connection refused"  # The error of the operating system.
    r"|transactional outbox"  # The name of the pattern behind jobs.
    r"|kilograms of books"  # A product of the demo.
    r"|\bwish=|\"wish\""  # A name in stored fingerprints of requests.
    r"|\"refused\""  # A stored kind of response.
    r"|\.dispatch\.before_cursor_execute"  # An attribute of SQLAlchemy.
)
OLD_NAMES = {
    "CHANGELOG.md": re.compile(r"`[^`]+`"),
    "src/shop/adapters/sql/migration/repair.py": re.compile(r'"[a-z_]+"'),  # Old tables.
}
"""What a file may call by its old name."""

EXEMPT = (
    "tests/readme/test_words.py",  # It names the words.
    "src/shop/adapters/sql/schema/migrations/versions/",  # Old names of tables and columns.
    "tests/adapters/sql/upgrades/",  # Databases of older versions.
    "tests/adapters/simulated_gateway/version_1.sql",  # As above.
)

# Words also end at an underscore, so names in code count.
RETIRED = {
    re.compile(rf"(?<![A-Za-z])(?:{words})(?![A-Za-z])", re.IGNORECASE): instead
    for words, instead in WORDS.items()
}


def _files(folder: str) -> Iterator[Path]:
    return (
        file
        for file in sorted(ROOT.glob(f"{folder}/**/*"))
        if file.suffix in SUFFIXES and not str(file.relative_to(ROOT)).startswith(EXEMPT)
    )


def _findings(name: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), start=1):
        checked = ALLOWED.sub("", line)
        if name in OLD_NAMES:
            checked = OLD_NAMES[name].sub("", checked)
        for pattern, instead in RETIRED.items():
            for word in pattern.findall(checked):
                yield f"{name}:{number}: {word}; use {instead}"


@pytest.mark.parametrize("folder", FOLDERS)
def test_folder_uses_no_retired_words(folder: str) -> None:
    files = list(_files(folder))
    found = [
        each for file in files for each in _findings(str(file.relative_to(ROOT)), file.read_text())
    ]

    assert found == [], f"{len(found)} retired words:\n" + "\n".join(found)
    assert files


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile"])
def test_page_uses_no_retired_words(name: str) -> None:
    assert list(_findings(name, Path(ROOT, name).read_text())) == []


def test_retired_word_is_reported_with_its_line_and_a_better_one() -> None:
    text = "connection refused\nis_refused = NOBODY\n"

    assert list(_findings("module.py", text)) == [
        "module.py:2: NOBODY; use the actor: customer, client, user, operator, process",
        "module.py:2: refused; use reject (a rule), error (HTTP), deny (access)",
    ]


def test_changelog_may_quote_old_names() -> None:
    assert list(_findings("CHANGELOG.md", "`outbox` is now `jobs`")) == []
    assert list(_findings("README.md", "`outbox` is now `jobs`")) == [
        "README.md:1: outbox; use jobs"
    ]
