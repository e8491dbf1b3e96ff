"""The documentation matches the code: its tables are complete, and its links and paths exist."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from shop.domain.notification import EventType
from shop.domain.shared.errors import ShopError
from shop.entrypoints.configuration.settings import Settings
from tests.entrypoints.cli.command_line import InProcessCommandLine

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    ROOT / "tests" / "README.md",
    *sorted(ROOT.glob("docs/**/*.md")),
]
FOLDERS_OF_PATHS = ("src", "tests", "bench", "docs", "requirements")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _page(name: str) -> str:
    return Path(ROOT, name).read_text()


def _anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _error_codes(error: type[ShopError] = ShopError) -> Iterator[str]:
    for each in error.__subclasses__():
        if "code" in vars(each):
            yield each.code
        yield from _error_codes(each)


def _class_names() -> set[str]:
    modules = [
        module
        for layer in ("domain", "application")
        for module in ROOT.glob(f"src/shop/{layer}/**/*.py")
    ]
    return {
        node.name
        for module in modules
        for node in ast.parse(module.read_text()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }


def test_settings_page_has_every_setting() -> None:
    documented = set(
        re.findall(r"^\| `SHOP_(\w+)` \|", _page("docs/operating/settings.md"), re.MULTILINE)
    )

    assert documented == {name.upper() for name in Settings.model_fields}


def test_commands_page_has_every_command(tmp_path: Path) -> None:
    rows = re.compile(r"^\| `shop ([a-z ]+?)(?: (?:[A-Z]|--).*)?` \|", re.MULTILINE)
    documented = rows.findall(_page("docs/reference/cli.md"))
    shop = InProcessCommandLine(folder=tmp_path, settings={})

    codes = {command: shop.run(*command.split(), "--help").returncode for command in documented}

    assert codes == dict.fromkeys(documented, 0)
    assert len(documented) > 8


def test_problems_page_has_every_error_code() -> None:
    # The HTTP API imports every module that defines an error.
    import_module("shop.entrypoints.http.app")
    documented = set(
        re.findall(r"^\| `([a-z-]+)` \|", _page("docs/reference/problems.md"), re.MULTILINE)
    )

    assert documented | {"invalid-value", "invalid-address", "user-not-found"} == set(
        _error_codes()
    )


def test_events_page_has_every_event_type() -> None:
    page = _page("docs/reference/events.md")

    assert {each.value for each in EventType} <= set(re.findall(r"`([a-z.]+)`", page))


def test_glossary_has_every_class_of_domain_and_application() -> None:
    documented = set(re.findall(r"`(\w+)`", _page("docs/glossary.md")))

    assert _class_names() - documented == set()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    missing = []
    for link in re.findall(r"\]\((?!https?://)([^)]+)\)", page.read_text()):
        path, _, anchor = link.partition("#")
        target = page if not path else (page.parent / path).resolve()
        headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE) if anchor else []
        if not target.exists() or (anchor and anchor not in map(_anchor, headings)):
            missing.append(link)

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_paths_in_the_repository_exist(page: Path) -> None:
    paths = re.findall(rf"`((?:{'|'.join(FOLDERS_OF_PATHS)})/[\w./-]+)", page.read_text())

    assert [each for each in paths if not Path(ROOT, each).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_tables_have_a_head_and_rows_of_its_width(page: Path) -> None:
    """Without a head, a row is shown as text with bars."""
    faults = [
        rows[0]
        for rows in _tables(page.read_text())
        if len(rows) < 2
        or not re.fullmatch(r"\|(?:\s*:?-+:?\s*\|)+", rows[1])
        or len(set(map(_width, rows))) > 1
    ]

    assert faults == []


def _tables(text: str) -> Iterator[list[str]]:
    """Yield the lines of each table outside blocks of code."""
    rows: list[str] = []
    for line in [
        *re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL).splitlines(),
        "",
    ]:
        if line.startswith("|"):
            rows.append(line)
        elif rows:
            yield rows
            rows = []


def _width(row: str) -> int:
    return len(re.findall(r"(?<!\\)\|", row))
