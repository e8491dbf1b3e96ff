"""Images of products: sizes, order, and the text that stands for them."""

from uuid import UUID

import pytest

from shop.domain.catalogue.product_image import ProductImage, moved, normalise_alt, numbered
from shop.domain.shared.errors import InvalidValue
from tests.factories import NOW

KEY = "9f" + "0" * 62


def _image(number: int, width: int = 1600) -> ProductImage:
    return ProductImage(
        id=UUID(int=number),
        product="TEA",
        position=number,
        alt="",
        key=KEY,
        width=width,
        height=1200,
        sizes=(),
        created_at=NOW,
    )


IMAGES = [_image(0), _image(1), _image(2)]


@pytest.mark.parametrize(
    ("width", "widths"),
    [(1600, (320, 640, 1280)), (1280, (320, 640)), (320, ()), (1, ())],
)
def test_no_size_is_larger_than_the_image(width: int, widths: tuple[int, ...]) -> None:
    assert _image(0, width).smaller_widths == widths


@pytest.mark.parametrize(
    ("number", "position", "order"),
    [(2, 0, [2, 0, 1]), (0, 1, [1, 0, 2]), (0, 19, [1, 2, 0]), (1, 1, [0, 1, 2])],
)
def test_moved_image_is_at_its_position(number: int, position: int, order: list[int]) -> None:
    found = moved(IMAGES, UUID(int=number), position)

    assert [each.id.int for each in found] == order
    assert [each.position for each in found] == [0, 1, 2]


def test_numbered_images_have_no_gaps() -> None:
    assert [each.position for each in numbered([_image(4), _image(1)])] == [0, 1]


def test_sizes_are_in_ascending_order() -> None:
    assert _image(0).with_sizes([640, 320]).sizes == (320, 640)


def test_text_is_stripped_and_may_be_empty() -> None:
    assert normalise_alt("  A tin ") == "A tin"
    assert normalise_alt("   ") == ""
    assert _image(0).with_alt(" A tin").alt == "A tin"


@pytest.mark.parametrize("text", ["x" * 251, "two\nlines", "hidden\u200b", "4111 1111 1111 1111"])
def test_text_that_people_may_not_write_is_rejected(text: str) -> None:
    with pytest.raises(InvalidValue):
        normalise_alt(text)
