"""Port to what reads the images of strangers."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping

from shop.domain.shared.value import value


@value
class EncodedImage:
    """A WebP image without metadata."""

    content: bytes
    width: int
    height: int


class ImageProcessor(ABC):
    """Decodes images that may attack the decoder, and encodes them again."""

    @abstractmethod
    async def encode(self, content: bytes) -> EncodedImage:
        """Return the image of a file, upright and in sRGB; raise `InvalidImage`."""

    @abstractmethod
    async def resize(self, content: bytes, widths: Collection[int]) -> Mapping[int, EncodedImage]:
        """Return an encoded image in these widths; raise `InvalidImage`."""
