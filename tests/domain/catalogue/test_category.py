import pytest

from shop.domain.catalogue.category import (
    MAX_CATEGORIES,
    MAX_CATEGORY_DEPTH,
    MAX_CATEGORY_NAME_CHARACTERS,
    MAX_CATEGORY_POSITION,
    MAX_CATEGORY_SLUG_CHARACTERS,
    CategoryInUse,
    CategoryNotFound,
    CategoryTree,
)
from shop.domain.shared.errors import InvalidValue
from tests.factories import category

TREE = CategoryTree.of(
    [
        category("clothes", position=2),
        category("men", parent="clothes", position=1),
        category("women", parent="clothes"),
        category("shoes", parent="men"),
        category("tea", position=1),
    ]
)


class TestACategory:
    @pytest.mark.parametrize(
        "slug", ["a", "7", "tea-and_herbs", "s" * MAX_CATEGORY_SLUG_CHARACTERS]
    )
    def test_has_a_slug_of_ascii(self, slug: str) -> None:
        assert category(slug).slug == slug

    @pytest.mark.parametrize(
        "slug",
        [
            "",
            "Tea",
            "té",
            "-a",
            "a-",
            "a b",
            "a/b",
            "a\n",
            "s" * (MAX_CATEGORY_SLUG_CHARACTERS + 1),
        ],
    )
    def test_has_no_other_slug(self, slug: str) -> None:
        with pytest.raises(InvalidValue) as caught:
            category(slug, "Name")

        assert caught.value.field == "slug"

    @pytest.mark.parametrize(
        ("field", "content"),
        [
            ("name", " "),
            ("name", "a\nb"),
            ("name", "n" * (MAX_CATEGORY_NAME_CHARACTERS + 1)),
            ("position", -1),
            ("position", MAX_CATEGORY_POSITION + 1),
        ],
    )
    def test_has_bounds(self, field: str, content: object) -> None:
        with pytest.raises(InvalidValue) as caught:
            category("tea", **{field: content})

        assert caught.value.field == field


class TestACategoryTree:
    def test_knows_what_is_above_and_below(self) -> None:
        assert TREE.path("shoes") == ("shoes", "men", "clothes")
        assert TREE.paths(["shoes", "women"]) == ("shoes", "men", "clothes", "women")
        assert TREE.below("men") == {"men", "shoes"}
        assert TREE.below("tea") == {"tea"}

    def test_is_ordered_by_position(self) -> None:
        assert [each.slug for each in TREE.by_parent()[None]] == ["tea", "clothes"]
        assert [each.slug for each in TREE.by_parent()["clothes"]] == ["women", "men"]
        assert "tea" not in TREE.by_parent()

    def test_takes_a_new_category_and_a_new_place(self) -> None:
        tree = TREE.put(category("green", parent="tea")).put(category("men", parent="tea"))

        assert tree.path("green") == ("green", "tea")
        assert tree.path("shoes") == ("shoes", "men", "tea")
        assert TREE.path("shoes") == ("shoes", "men", "clothes")

    @pytest.mark.parametrize("parent", ["clothes", "men", "shoes"])
    def test_rejects_a_category_below_itself(self, parent: str) -> None:
        with pytest.raises(InvalidValue) as caught:
            TREE.put(category("clothes", parent=parent))

        assert caught.value.field == "parent"
        assert caught.value.rule == "must not be the category itself or below it"

    def test_rejects_a_parent_that_does_not_exist(self) -> None:
        with pytest.raises(InvalidValue) as caught:
            TREE.put(category("herbs", parent="plants"))

        assert caught.value.field == "parent"
        assert caught.value.rule == "must be an existing category, not plants"

    def test_rejects_more_levels_than_its_limit(self) -> None:
        levels = [category("level-1")]
        levels += [
            category(f"level-{level}", parent=f"level-{level - 1}")
            for level in range(2, MAX_CATEGORY_DEPTH + 1)
        ]
        tree = CategoryTree.of([*levels, category("top")])

        for change in (
            category("deeper", parent=f"level-{MAX_CATEGORY_DEPTH}"),
            category("level-1", parent="top"),
        ):
            with pytest.raises(InvalidValue) as caught:
                tree.put(change)

            assert caught.value.field == "parent"
            assert caught.value.rule == f"must leave at most {MAX_CATEGORY_DEPTH} levels"

    def test_rejects_more_categories_than_its_limit(self) -> None:
        tree = CategoryTree.of(category(f"c{number}") for number in range(MAX_CATEGORIES))

        with pytest.raises(InvalidValue) as caught:
            tree.put(category("one-more"))

        assert caught.value.field == "slug"

    def test_loses_a_category_that_has_none_below_it(self) -> None:
        assert set(TREE.remove("shoes").categories) == set(TREE.categories) - {"shoes"}

    def test_keeps_a_category_that_has_others_below_it(self) -> None:
        with pytest.raises(CategoryInUse) as caught:
            TREE.remove("men")

        assert caught.value.slug == "men"

    def test_does_not_have_every_category(self) -> None:
        for ask in (TREE.require, TREE.remove):
            with pytest.raises(CategoryNotFound) as caught:
                ask("plants")

            assert caught.value.slug == "plants"


def test_category_in_use_by_promotions_names_them() -> None:
    assert CategoryInUse(slug="tea", promotions=("sale", "xmas")).detail == (
        "These promotions select the category tea: sale, xmas; change or end them."
    )
