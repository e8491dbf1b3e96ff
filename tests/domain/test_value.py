"""Values are the same in the tests of the rules, where they are frozen, and in a running shop."""

import copy
import pickle
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import FrozenInstanceError, asdict, field, fields, replace

import pytest

from shop.domain.orders.order import Order
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.value import value
from tests.frozen_values import frozen, values_of_the_shop


@value
class Box:
    width: int
    labels: tuple[str, ...] = ()
    contents: tuple[int, ...] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        if self.width < 0:
            raise InvalidValue(field="width", rule="must not be negative")


@value
class LockedBox(Box):
    key: str


@pytest.fixture(params=["frozen", "served"])
def _mode(request: pytest.FixtureRequest) -> Iterator[None]:
    with frozen([Box, LockedBox]) if request.param == "frozen" else nullcontext():
        yield


@pytest.mark.usefixtures("_mode")
class TestAValue:
    def test_equals_a_value_of_its_class_with_the_same_fields(self) -> None:
        assert Box(width=1, labels=("a",)) == Box(width=1, labels=("a",))
        assert Box(width=1) != Box(width=2)
        assert Box(width=1) != LockedBox(width=1, key="k")

    def test_has_the_hash_of_its_fields(self) -> None:
        assert hash(Box(width=1, labels=("a",))) == hash((1, ("a",), ()))
        assert {Box(width=1), Box(width=1)} == {Box(width=1)}

    def test_shows_its_fields(self) -> None:
        assert repr(LockedBox(width=1, key="k")) == (
            "LockedBox(width=1, labels=(), contents=(), key='k')"
        )

    def test_is_replaced_by_another_that_is_checked(self) -> None:
        box = LockedBox(width=1, key="k")

        assert replace(box, width=2) == LockedBox(width=2, key="k")
        assert box == LockedBox(width=1, key="k")
        with pytest.raises(InvalidValue):
            replace(box, width=-1)

    def test_lists_its_fields(self) -> None:
        assert [each.name for each in fields(LockedBox)] == ["width", "labels", "contents", "key"]
        assert asdict(Box(width=1)) == {"width": 1, "labels": (), "contents": ()}

    def test_is_equal_to_its_copies(self) -> None:
        box = LockedBox(width=1, labels=("a",), key="k")

        assert [pickle.loads(pickle.dumps(box)), copy.copy(box), copy.deepcopy(box)] == [box] * 3  # noqa: S301  Its own.

    def test_takes_its_fields_by_name_only(self) -> None:
        with pytest.raises(TypeError, match="positional"):
            Box(1)  # type: ignore[call-arg]

    def test_has_no_other_fields(self) -> None:
        with pytest.raises(AttributeError):
            Box(width=1).height = 2  # type: ignore[attr-defined]


class TestAFrozenValue:
    """mypy rejects each change too: it reports a comment `type: ignore` that it does not need."""

    def test_rejects_a_changed_field(self) -> None:
        box = LockedBox(width=1, key="k")

        with frozen([Box, LockedBox]):
            with pytest.raises(FrozenInstanceError, match="cannot assign to field 'key'"):
                box.key = "other"  # type: ignore[misc]
            with pytest.raises(FrozenInstanceError, match="cannot assign to field 'width'"):
                box.width = 1  # type: ignore[misc]

        assert box == LockedBox(width=1, key="k")

    def test_rejects_a_deleted_field(self) -> None:
        box = Box(width=1)

        with frozen([Box]), pytest.raises(FrozenInstanceError, match="cannot delete field 'width'"):
            del box.width

        assert box.width == 1

    def test_is_what_the_rules_are_tested_with(self) -> None:
        price = Money.zero(Currency("EUR"))

        assert {Money, Order} < set(values_of_the_shop())
        with pytest.raises(FrozenInstanceError):
            price.amount = 1  # type: ignore[misc]
