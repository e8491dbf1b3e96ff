"""Images of products."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shop.domain.catalogue.image_files import SMALLER_WIDTHS, image_file, image_path
from shop.domain.shared.custom_ids import custom_id
from shop.domain.shared.errors import Conflict, InvalidValue, NotFound, ShopError
from shop.domain.shared.text import is_single_line, require_text
from shop.domain.shared.value import value

MAX_IMAGES = 20
"""How many images a product may have."""

_POSITION_PLACE = 32
_POSITION_MASK = 0x1F << _POSITION_PLACE
"""Bits of an id that are random, enough of them for `MAX_IMAGES` positions."""

MAX_ALT_CHARACTERS = 250
MAX_IMAGE_BYTES = 10 * 1024 * 1024


@value
class ProductImage:
    """An image of a product, as the shop has encoded it.

    `key` is the SHA-256 of its bytes in hexadecimal; `sizes` are the widths in which it is served
    beside its own, in ascending order. Images are shown by their positions, which begin at 0.
    """

    id: UUID
    product: str
    position: int
    alt: str
    key: str
    width: int
    height: int
    sizes: tuple[int, ...]
    created_at: datetime

    @property
    def file(self) -> str:
        """The name of its file."""
        return self.file_of(self.width)

    @property
    def url(self) -> str:
        """Where it is served."""
        return image_path(self.file)

    def file_of(self, width: int) -> str:
        """Return the name of the file of one size."""
        return image_file(self.key, width)

    @property
    def smaller_widths(self) -> tuple[int, ...]:
        """The widths in which it should be served: none is larger than the image itself."""
        return tuple(each for each in SMALLER_WIDTHS if each < self.width)

    def with_alt(self, alt: str) -> "ProductImage":
        """Replace the text that stands for the image."""
        return replace(self, alt=normalise_alt(alt))

    def as_added(self, image_id: UUID, alt: str) -> "ProductImage":
        """Return the image as it was when it was added; it may have changed, or be gone, since."""
        position = (image_id.int & _POSITION_MASK) >> _POSITION_PLACE
        return replace(self, id=image_id, position=position, alt=alt, sizes=())

    def with_sizes(self, sizes: Sequence[int]) -> "ProductImage":
        """Set the widths in which the image is served."""
        return replace(self, sizes=tuple(sorted(sizes)))


def id_at(random_id: UUID, position: int) -> UUID:
    """Return the id of an image that is added at this position: some of its bits have it.

    A request is answered again after its image was removed.
    """
    return custom_id(random_id.int & ~_POSITION_MASK | position << _POSITION_PLACE)


def normalise_alt(text: str) -> str:
    """Strip the text that stands for an image; raise `InvalidValue` if it breaks a rule."""
    alt = text.strip()
    if len(alt) > MAX_ALT_CHARACTERS:
        raise InvalidValue(field="alt", rule=f"must have at most {MAX_ALT_CHARACTERS} characters")
    require_text(alt, "alt", is_about_goods=True)
    if alt and not is_single_line(alt):
        raise InvalidValue(field="alt", rule="must be one line")
    return alt


def moved(images: Sequence[ProductImage], image_id: UUID, position: int) -> list[ProductImage]:
    """Return the images of a product with one at another position, the last one at most."""
    others = [each for each in images if each.id != image_id]
    (image,) = (each for each in images if each.id == image_id)
    return numbered([*others[:position], image, *others[position:]])


def numbered(images: Sequence[ProductImage]) -> list[ProductImage]:
    """Return images with their positions in this order."""
    return [replace(each, position=position) for position, each in enumerate(images)]


def require_room(images: Sequence[ProductImage]) -> None:
    """Raise `TooManyImages` if a product can have no other image."""
    if len(images) >= MAX_IMAGES:
        raise TooManyImages(limit=MAX_IMAGES)


def require_image(images: Sequence[ProductImage], image_id: UUID) -> ProductImage:
    """Return an image of a product; raise `ImageNotFound`."""
    for each in images:
        if each.id == image_id:
            return each
    raise ImageNotFound


@dataclass(kw_only=True, unsafe_hash=True)
class InvalidImage(ShopError):
    """The file is not an image that the shop accepts; `reason` says why."""

    reason: str
    """`not-an-image`, `format`, `animated` or `too-large`."""

    code = "invalid-image"
    message = (
        "The file is not an image that the shop accepts ({reason}); send one JPEG, PNG, WebP or "
        "AVIF image of at most 30 million pixels and 12000 pixels a side."
    )


class ImageNotFound(NotFound):
    """The product has no such image."""

    code = "image-not-found"
    message = "The product has no such image."


@dataclass(kw_only=True, unsafe_hash=True)
class TooManyImages(Conflict):
    """The product has as many images as it may have."""

    limit: int

    code = "too-many-images"
    message = "The product has {limit} images already; delete one first."
