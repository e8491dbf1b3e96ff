"""Bounds that keep each folder small and findable by name; import-linter bounds the imports."""

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "shop"
MODULES = sorted(SOURCE.rglob("*.py"))
TEST_MODULES = sorted((ROOT / "tests").rglob("*.py"))
INNER_LAYERS = {"domain", "application"}
PORTS = SOURCE / "application" / "ports"
REPOSITORIES = {
    SOURCE / "adapters" / "sql" / "repositories": "Sql",
    SOURCE / "adapters" / "memory" / "repositories": "Memory",
}

MAX_FILES_IN_A_FOLDER = 20
MAX_LINES, MAX_LINES_OF_TESTS = 300, 400
MAY_HOLD_ONE_FILE = {"adapters", "observability", "migrations"}
"""A folder of one file is allowed inside these, or if it has one of these names."""

WITHOUT_A_CLASS_OF_THEIR_NAME = {"paging.py"}
"""Ports in whose files stand values that many ports share."""

PRICING = SOURCE / "domain" / "pricing"
BASES_OF_KINDS = {"Effect", "TaxRule", "PriceScale", "ShippingTax"}
MAX_LINES_OF_A_KIND = 60
"""A new kind of promotion, tax rule or shipping is one file of the domain (decision 35)."""


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _class_name(module: Path) -> str:
    return "".join(word.capitalize() for word in module.stem.split("_"))


def _classes(module: Path) -> set[str]:
    tree = ast.parse(module.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


def _kinds(module: Path) -> list[str]:
    """Return the base of each class that is a kind of pricing rule."""
    bases = (
        base.id
        for node in ast.parse(module.read_text()).body
        if isinstance(node, ast.ClassDef)
        for base in node.bases
        if isinstance(base, ast.Name)
    )
    return [each for each in bases if each in BASES_OF_KINDS]


def _folders(modules: list[Path]) -> Counter[Path]:
    return Counter(module.parent for module in modules if module.name != "__init__.py")


def test_folders_hold_a_handful_of_files() -> None:
    folders = _folders(MODULES) + _folders(TEST_MODULES)

    assert {_name(each): n for each, n in folders.items() if n > MAX_FILES_IN_A_FOLDER} == {}


def test_modules_fit_on_a_few_screens() -> None:
    too_long = {}
    for module in (*MODULES, *TEST_MODULES):
        lines = len(module.read_text().splitlines())
        if lines > (MAX_LINES_OF_TESTS if module in TEST_MODULES else MAX_LINES):
            too_long[_name(module)] = lines

    assert too_long == {}


def test_each_kind_of_pricing_rule_is_one_short_file() -> None:
    kinds = {module: _kinds(module) for module in PRICING.rglob("*.py") if _kinds(module)}

    assert {base for bases in kinds.values() for base in bases} == BASES_OF_KINDS
    assert {_name(module) for module, bases in kinds.items() if len(bases) > 1} == set()
    lengths = {_name(module): len(module.read_text().splitlines()) for module in kinds}
    assert {name: n for name, n in lengths.items() if n > MAX_LINES_OF_A_KIND} == {}


def test_values_are_made_by_their_own_decorator() -> None:
    """A frozen dataclass takes twice as long to make (decision 28)."""
    inner = [each for each in MODULES if each.relative_to(SOURCE).parts[0] in INNER_LAYERS]

    assert [_name(each) for each in inner if "frozen=True" in each.read_text()] == []


def test_no_folder_holds_a_single_file() -> None:
    lonely = {
        folder
        for folder, count in _folders(MODULES).items()
        if count == 1
        and not MAY_HOLD_ONE_FILE & {folder.name, folder.parent.name}
        and not any(each.is_dir() and each.name != "__pycache__" for each in folder.iterdir())
    }

    assert {_name(each) for each in lonely} == set()


@pytest.mark.parametrize(
    "module", [each for each in sorted(PORTS.rglob("*.py")) if each.stem != "__init__"], ids=_name
)
def test_port_is_named_like_its_file(module: Path) -> None:
    if module.name not in WITHOUT_A_CLASS_OF_THEIR_NAME:
        assert _class_name(module) in _classes(module)


@pytest.mark.parametrize(
    ("module", "technology"),
    [
        (module, technology)
        for folder, technology in REPOSITORIES.items()
        for module in sorted(folder.glob("*.py"))
        if module.stem != "__init__"
    ],
    ids=lambda value: _name(value) if isinstance(value, Path) else "",
)
def test_repository_is_named_like_its_file(module: Path, technology: str) -> None:
    assert f"{technology}{_class_name(module)}" in _classes(module)
