"""Decodes one image and encodes it again, in the process that ends with it."""

import io
import warnings
from collections.abc import Iterator, Sequence

from PIL import AvifImagePlugin, Image, ImageCms, ImageOps, UnidentifiedImageError

from shop.adapters.images.child_messages import (
    ANIMATED,
    ENCODE,
    FORMAT,
    MAX_SIDE,
    NOT_AN_IMAGE,
    TOO_LARGE,
)

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
JPEG_WITH_OTHERS = "MPO"
"""What the library makes of a JPEG file with several images (CIPA DC-007)."""

MAX_PIXELS = 30_000_000
QUALITY = 82


class RejectedImage(Exception):
    """The image is not accepted, for one of the reasons."""


def encode(content: bytes, command: str, widths: Sequence[int]) -> Iterator[tuple[int, int, bytes]]:
    """Yield the width, the height and the content: of one image, or of one for each width.

    Raise `RejectedImage`; a decoder may raise anything else about what is not an image.
    """
    image = _decoded(content)
    if command == ENCODE:
        yield _webp(_in_srgb(_upright(image)))
        return
    for width in widths:
        height = max(1, round(image.height * width / image.width))
        yield _webp(image.resize((width, height), reducing_gap=2.0))


def _decoded(content: bytes) -> Image.Image:
    # The library warns beyond this number of pixels and raises beyond twice as many.
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2
    # Each thread would need memory of its own.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    warnings.simplefilter("ignore")
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        raise RejectedImage(FORMAT if _is_other_image(content) else NOT_AN_IMAGE) from None
    except Image.DecompressionBombError:
        raise RejectedImage(TOO_LARGE) from None
    # All of this is known from the head of the file: nothing is decoded before.
    # Cameras append other images to a JPEG, such as what screens brighten it with. Only the first
    # is looked at: it is what every viewer shows.
    if image.format != JPEG_WITH_OTHERS and getattr(image, "n_frames", 1) != 1:
        raise RejectedImage(ANIMATED)
    if image.width * image.height > MAX_PIXELS or max(image.size) > MAX_SIDE:
        raise RejectedImage(TOO_LARGE)
    image.load()
    return image


def _is_other_image(content: bytes) -> bool:
    """Check for formats that are not accepted, only to say so."""
    start = content[:64].lstrip().lower()
    return start.startswith((b"gif8", b"<svg", b"<?xml", b"bm", b"ii*", b"mm\0*", b"%pdf")) or (
        content[4:8] == b"ftyp" and not content.startswith(b"avi", 8)
    )


def _upright(image: Image.Image) -> Image.Image:
    """Turn the image as its metadata say, because they are not kept."""
    return ImageOps.exif_transpose(image)


def _in_srgb(image: Image.Image) -> Image.Image:
    """Convert the colours to sRGB, which a browser assumes without a profile."""
    mode = "RGBA" if _has_transparency(image) else "RGB"
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):
        # 16 bits a pixel: the upper eight of them are kept.
        image = image.point(lambda value: value / 256).convert("L")
    elif profile and image.mode in {"RGB", "RGBA", "CMYK", "L"}:
        image = _converted(image, profile, mode)
    return image if image.mode == mode else image.convert(mode)


def _converted(image: Image.Image, profile: bytes, mode: str) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, source, srgb, outputMode=mode) or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A profile that cannot be used is no reason to reject what the image shows.
        return image


def _has_transparency(image: Image.Image) -> bool:
    return image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info


def _webp(image: Image.Image) -> tuple[int, int, bytes]:
    target = io.BytesIO()
    image.info = {}
    # Without these, the metadata of the file could be kept.
    image.save(target, "WEBP", quality=QUALITY, exif=b"", icc_profile=b"", xmp=b"")
    return image.width, image.height, target.getvalue()
